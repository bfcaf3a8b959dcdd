package dev.ringtap.filter;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.ringtap.filter.BpfProgram.Instruction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Runs a BPF program on frames in user space, for frames that no kernel filters: those of a capture
 * file. It decides as the kernel does.
 *
 * <p>Registers are unsigned 32 bits and begin at 0. A load outside the frame, of an ancillary value
 * that is not known, or relative to another header (SKF_NET_OFF, SKF_LL_OFF) refuses the frame, and
 * so does a division by 0. Where kernel and libpcap differ it follows the kernel: a shift by X
 * counts modulo 32, an indirect load's offset wraps around at 32 bits.
 *
 * <p>It allocates nothing per frame. Not thread-safe.
 *
 * <p>Source: {@code Documentation/networking/filter.rst} of Linux.
 */
public final class BpfInterpreter {
  private static final ValueLayout.OfShort BE_SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** SKF_AD_OFF: ancillary values lie from here on. */
  private static final int ANCILLARY_OFFSET = -0x1000;

  private static final long OUTSIDE = -1;

  private final int[] codes;
  private final int[] jts;
  private final int[] jfs;
  private final int[] ks;
  private final int[] scratch = new int[BpfProgram.SCRATCH_WORDS];

  /** Prepares a program, which ends on every frame, as all of that class do. */
  public BpfInterpreter(BpfProgram program) {
    List<Instruction> instructions = program.instructions();
    int count = instructions.size();
    codes = new int[count];
    jts = new int[count];
    jfs = new int[count];
    ks = new int[count];
    for (int i = 0; i < count; i++) {
      Instruction instruction = instructions.get(i);
      codes[i] = instruction.code();
      jts[i] = instruction.jt();
      jfs[i] = instruction.jf();
      ks[i] = instruction.k();
    }
  }

  /**
   * Decides on a frame.
   *
   * @param memory where the frame lies
   * @param offset offset of its first byte
   * @param capturedLength bytes of it that are there
   * @param wireLength bytes that it had, which the program loads as its length
   * @param ancillary what else is known of it
   * @return bytes to keep, unsigned; 0 refuses the frame
   */
  public int run(
      MemorySegment memory, long offset, int capturedLength, int wireLength, Ancillary ancillary) {
    int a = 0;
    int x = 0;
    for (int pc = 0; ; pc++) {
      int k = ks[pc];
      long loaded = 0;
      switch (codes[pc]) {
        case BpfProgram.LD_W_ABS:
          loaded = absolute(memory, offset, capturedLength, k, 4, ancillary);
          a = (int) loaded;
          break;
        case BpfProgram.LD_H_ABS:
          loaded = absolute(memory, offset, capturedLength, k, 2, ancillary);
          a = (int) loaded;
          break;
        case BpfProgram.LD_B_ABS:
          loaded = absolute(memory, offset, capturedLength, k, 1, ancillary);
          a = (int) loaded;
          break;
        case BpfProgram.LD_W_IND:
          loaded = load(memory, offset, capturedLength, x + k, 4);
          a = (int) loaded;
          break;
        case BpfProgram.LD_H_IND:
          loaded = load(memory, offset, capturedLength, x + k, 2);
          a = (int) loaded;
          break;
        case BpfProgram.LD_B_IND:
          loaded = load(memory, offset, capturedLength, x + k, 1);
          a = (int) loaded;
          break;
        case BpfProgram.LDX_B_MSH:
          loaded = load(memory, offset, capturedLength, k, 1);
          x = ((int) loaded & 0xf) << 2;
          break;
        case BpfProgram.LD_IMM:
          a = k;
          break;
        case BpfProgram.LDX_IMM:
          x = k;
          break;
        case BpfProgram.LD_LEN:
          a = wireLength;
          break;
        case BpfProgram.LDX_LEN:
          x = wireLength;
          break;
        case BpfProgram.LD_MEM:
          a = scratch[k];
          break;
        case BpfProgram.LDX_MEM:
          x = scratch[k];
          break;
        case BpfProgram.ST:
          scratch[k] = a;
          break;
        case BpfProgram.STX:
          scratch[k] = x;
          break;
        case BpfProgram.TAX:
          x = a;
          break;
        case BpfProgram.TXA:
          a = x;
          break;
        case BpfProgram.ADD_K:
          a += k;
          break;
        case BpfProgram.ADD_X:
          a += x;
          break;
        case BpfProgram.SUB_K:
          a -= k;
          break;
        case BpfProgram.SUB_X:
          a -= x;
          break;
        case BpfProgram.MUL_K:
          a *= k;
          break;
        case BpfProgram.MUL_X:
          a *= x;
          break;
        case BpfProgram.DIV_K:
          a = Integer.divideUnsigned(a, k);
          break;
        case BpfProgram.DIV_X:
          if (x == 0) {
            return 0;
          }
          a = Integer.divideUnsigned(a, x);
          break;
        case BpfProgram.MOD_K:
          a = Integer.remainderUnsigned(a, k);
          break;
        case BpfProgram.MOD_X:
          if (x == 0) {
            return 0;
          }
          a = Integer.remainderUnsigned(a, x);
          break;
        case BpfProgram.OR_K:
          a |= k;
          break;
        case BpfProgram.OR_X:
          a |= x;
          break;
        case BpfProgram.AND_K:
          a &= k;
          break;
        case BpfProgram.AND_X:
          a &= x;
          break;
        case BpfProgram.XOR_K:
          a ^= k;
          break;
        case BpfProgram.XOR_X:
          a ^= x;
          break;
        case BpfProgram.LSH_K:
          a <<= k;
          break;
        case BpfProgram.LSH_X:
          a <<= x;
          break;
        case BpfProgram.RSH_K:
          a >>>= k;
          break;
        case BpfProgram.RSH_X:
          a >>>= x;
          break;
        case BpfProgram.NEG:
          a = -a;
          break;
        case BpfProgram.JA:
          pc += k;
          break;
        case BpfProgram.JEQ_K:
          pc += a == k ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JEQ_X:
          pc += a == x ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JGT_K:
          pc += Integer.compareUnsigned(a, k) > 0 ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JGT_X:
          pc += Integer.compareUnsigned(a, x) > 0 ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JGE_K:
          pc += Integer.compareUnsigned(a, k) >= 0 ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JGE_X:
          pc += Integer.compareUnsigned(a, x) >= 0 ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JSET_K:
          pc += (a & k) != 0 ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.JSET_X:
          pc += (a & x) != 0 ? jts[pc] : jfs[pc];
          break;
        case BpfProgram.RET_K:
          return k;
        case BpfProgram.RET_A:
          return a;
        default:
          throw new AssertionError("BPF code " + codes[pc] + " in a program that was checked");
      }
      if (loaded == OUTSIDE) {
        return 0;
      }
    }
  }

  private static long absolute(
      MemorySegment memory, long offset, int length, int k, int bytes, Ancillary ancillary) {
    return k < 0 && k >= ANCILLARY_OFFSET
        ? ancillary.value(k - ANCILLARY_OFFSET)
        : load(memory, offset, length, k, bytes);
  }

  /** Big-endian, unsigned; OUTSIDE where the frame does not have all of it. */
  private static long load(MemorySegment memory, long offset, int length, int k, int bytes) {
    long at = Integer.toUnsignedLong(k);
    if (at + bytes > length) {
      return OUTSIDE;
    }
    switch (bytes) {
      case 1:
        return Byte.toUnsignedLong(memory.get(JAVA_BYTE, offset + at));
      case 2:
        return Short.toUnsignedLong(memory.get(BE_SHORT, offset + at));
      default:
        return Integer.toUnsignedLong(memory.get(BE_INT, offset + at));
    }
  }
}
