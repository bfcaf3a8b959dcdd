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
 * <p>Registers are unsigned 32 bits and begin at 0. A load outside the frame or of what {@link
 * Ancillary} does not know refuses the frame, and so does a division by 0. Where kernel and libpcap
 * differ it follows the kernel: a shift by X counts modulo 32, an indirect load's offset wraps
 * around at 32 bits.
 *
 * <p>It allocates nothing per frame. Not thread-safe.
 *
 * <p>Source: {@code Documentation/networking/filter.rst} and {@code net/core/filter.c} of Linux.
 */
public final class BpfInterpreter {
  private static final ValueLayout.OfShort BE_SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final long OUTSIDE = -1;

  private final int[] codes;
  private final int[] jts;
  private final int[] jfs;
  private final int[] ks;
  private final int[] scratch = new int[Bpf.SCRATCH_WORDS];

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
        case Bpf.LD_W_ABS -> {
          loaded = absolute(memory, offset, capturedLength, k, 4, ancillary);
          a = (int) loaded;
        }
        case Bpf.LD_H_ABS -> {
          loaded = absolute(memory, offset, capturedLength, k, 2, ancillary);
          a = (int) loaded;
        }
        case Bpf.LD_B_ABS -> {
          loaded = absolute(memory, offset, capturedLength, k, 1, ancillary);
          a = (int) loaded;
        }
        case Bpf.LD_W_IND -> {
          loaded = load(memory, offset, capturedLength, x + k, 4, ancillary);
          a = (int) loaded;
        }
        case Bpf.LD_H_IND -> {
          loaded = load(memory, offset, capturedLength, x + k, 2, ancillary);
          a = (int) loaded;
        }
        case Bpf.LD_B_IND -> {
          loaded = load(memory, offset, capturedLength, x + k, 1, ancillary);
          a = (int) loaded;
        }
        case Bpf.LDX_B_MSH -> {
          loaded = load(memory, offset, capturedLength, k, 1, ancillary);
          x = ((int) loaded & 0xf) << 2;
        }
        case Bpf.LD_IMM -> a = k;
        case Bpf.LDX_IMM -> x = k;
        case Bpf.LD_LEN -> a = wireLength;
        case Bpf.LDX_LEN -> x = wireLength;
        case Bpf.LD_MEM -> a = scratch[k];
        case Bpf.LDX_MEM -> x = scratch[k];
        case Bpf.ST -> scratch[k] = a;
        case Bpf.STX -> scratch[k] = x;
        case Bpf.TAX -> x = a;
        case Bpf.TXA -> a = x;
        case Bpf.ADD_K -> a += k;
        case Bpf.ADD_X -> a += x;
        case Bpf.SUB_K -> a -= k;
        case Bpf.SUB_X -> a -= x;
        case Bpf.MUL_K -> a *= k;
        case Bpf.MUL_X -> a *= x;
        case Bpf.DIV_K -> a = Integer.divideUnsigned(a, k);
        case Bpf.DIV_X -> {
          if (x == 0) {
            return 0;
          }
          a = Integer.divideUnsigned(a, x);
        }
        case Bpf.MOD_K -> a = Integer.remainderUnsigned(a, k);
        case Bpf.MOD_X -> {
          if (x == 0) {
            return 0;
          }
          a = Integer.remainderUnsigned(a, x);
        }
        case Bpf.OR_K -> a |= k;
        case Bpf.OR_X -> a |= x;
        case Bpf.AND_K -> a &= k;
        case Bpf.AND_X -> a &= x;
        case Bpf.XOR_K -> a ^= k;
        case Bpf.XOR_X -> a ^= x;
        case Bpf.LSH_K -> a <<= k;
        case Bpf.LSH_X -> a <<= x;
        case Bpf.RSH_K -> a >>>= k;
        case Bpf.RSH_X -> a >>>= x;
        case Bpf.NEG -> a = -a;
        case Bpf.JA -> pc += k;
        case Bpf.JEQ_K -> pc += a == k ? jts[pc] : jfs[pc];
        case Bpf.JEQ_X -> pc += a == x ? jts[pc] : jfs[pc];
        case Bpf.JGT_K -> pc += Integer.compareUnsigned(a, k) > 0 ? jts[pc] : jfs[pc];
        case Bpf.JGT_X -> pc += Integer.compareUnsigned(a, x) > 0 ? jts[pc] : jfs[pc];
        case Bpf.JGE_K -> pc += Integer.compareUnsigned(a, k) >= 0 ? jts[pc] : jfs[pc];
        case Bpf.JGE_X -> pc += Integer.compareUnsigned(a, x) >= 0 ? jts[pc] : jfs[pc];
        case Bpf.JSET_K -> pc += (a & k) != 0 ? jts[pc] : jfs[pc];
        case Bpf.JSET_X -> pc += (a & x) != 0 ? jts[pc] : jfs[pc];
        case Bpf.RET_K -> {
          return k;
        }
        case Bpf.RET_A -> {
          return a;
        }
        default ->
            throw new AssertionError("BPF code " + codes[pc] + " in a program that was checked");
      }
      if (loaded == OUTSIDE) {
        return 0;
      }
    }
  }

  private static long absolute(
      MemorySegment memory, long offset, int length, int k, int bytes, Ancillary ancillary) {
    return k < 0 && k >= Bpf.AD_OFF
        ? ancillary.value(k - Bpf.AD_OFF)
        : load(memory, offset, length, k, bytes, ancillary);
  }

  /** Big-endian, unsigned; OUTSIDE where the frame does not have all of it. */
  private static long load(
      MemorySegment memory, long offset, int length, int k, int bytes, Ancillary ancillary) {
    long at = k >= 0 ? k : fromHeader(k, ancillary);
    if (at < 0 || at + bytes > length) {
      return OUTSIDE;
    }
    return switch (bytes) {
      case 1 -> Byte.toUnsignedLong(memory.get(JAVA_BYTE, offset + at));
      case 2 -> Short.toUnsignedLong(memory.get(BE_SHORT, offset + at));
      default -> Integer.toUnsignedLong(memory.get(BE_INT, offset + at));
    };
  }

  /** As the kernel's bpf_skb_load_helper_convert_offset: below 0 where that fails. */
  private static long fromHeader(int k, Ancillary ancillary) {
    boolean network = k >= Bpf.NET_OFF;
    long header = network ? ancillary.networkOffset() : ancillary.linkOffset();
    if (header < 0 || k < Bpf.LL_OFF) {
      return OUTSIDE;
    }
    return header + k - (network ? Bpf.NET_OFF : Bpf.LL_OFF);
  }
}
