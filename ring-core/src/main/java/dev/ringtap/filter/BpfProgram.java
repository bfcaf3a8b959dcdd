package dev.ringtap.filter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A classic BPF program: what the kernel runs on every frame before it enters the ring. The result
 * is the number of bytes to keep; 0 refuses the frame.
 *
 * <p>Immutable and thread-safe. Instructions are those of {@code <linux/filter.h>}, {@code struct
 * sock_filter}; a program that this class holds ends on every path and jumps only inside itself.
 */
public final class BpfProgram {
  /** The kernel takes no longer program: BPF_MAXINSNS. */
  public static final int MAX_INSTRUCTIONS = 4096;

  static final int SCRATCH_WORDS = 16;

  static final int LD_IMM = 0x00;
  static final int LD_W_ABS = 0x20;
  static final int LD_H_ABS = 0x28;
  static final int LD_B_ABS = 0x30;
  static final int LD_W_IND = 0x40;
  static final int LD_H_IND = 0x48;
  static final int LD_B_IND = 0x50;
  static final int LD_MEM = 0x60;
  static final int LD_LEN = 0x80;
  static final int LDX_IMM = 0x01;
  static final int LDX_MEM = 0x61;
  static final int LDX_LEN = 0x81;
  static final int LDX_B_MSH = 0xb1;
  static final int ST = 0x02;
  static final int STX = 0x03;
  static final int ADD_K = 0x04;
  static final int ADD_X = 0x0c;
  static final int SUB_K = 0x14;
  static final int SUB_X = 0x1c;
  static final int MUL_K = 0x24;
  static final int MUL_X = 0x2c;
  static final int DIV_K = 0x34;
  static final int DIV_X = 0x3c;
  static final int OR_K = 0x44;
  static final int OR_X = 0x4c;
  static final int AND_K = 0x54;
  static final int AND_X = 0x5c;
  static final int LSH_K = 0x64;
  static final int LSH_X = 0x6c;
  static final int RSH_K = 0x74;
  static final int RSH_X = 0x7c;
  static final int NEG = 0x84;
  static final int MOD_K = 0x94;
  static final int MOD_X = 0x9c;
  static final int XOR_K = 0xa4;
  static final int XOR_X = 0xac;
  static final int JA = 0x05;
  static final int JEQ_K = 0x15;
  static final int JEQ_X = 0x1d;
  static final int JGT_K = 0x25;
  static final int JGT_X = 0x2d;
  static final int JGE_K = 0x35;
  static final int JGE_X = 0x3d;
  static final int JSET_K = 0x45;
  static final int JSET_X = 0x4d;
  static final int RET_K = 0x06;
  static final int RET_A = 0x16;
  static final int TAX = 0x07;
  static final int TXA = 0x87;

  private static final String BEHIND_THE_END = "jumps behind the end of the program";

  /** Refuses every frame. */
  public static final BpfProgram REJECT = new BpfProgram(List.of(ret(0)));

  /**
   * One instruction.
   *
   * @param code operation
   * @param jt instructions to skip when the comparison holds
   * @param jf instructions to skip when not
   * @param k operand, unsigned 32 bits
   */
  public record Instruction(int code, int jt, int jf, int k) {}

  private final List<Instruction> instructions;

  /**
   * @throws IllegalArgumentException if the kernel would refuse the program: the message names the
   *     instruction and what is wrong with it
   */
  public BpfProgram(List<Instruction> instructions) {
    this.instructions = List.copyOf(instructions);
    check(this.instructions);
  }

  /** Keeps every frame, cut to this many bytes. */
  public static BpfProgram acceptAll(int snapLengthBytes) {
    return new BpfProgram(List.of(ret(snapLengthBytes)));
  }

  /**
   * Reads what {@code tcpdump -ddd EXPRESSION} prints: the number of instructions, then a line
   * {@code code jt jf k} each, in decimal.
   *
   * @param text the whole text
   * @throws IllegalArgumentException if it is anything else; the message names the line
   */
  public static BpfProgram parse(String text) {
    String[] lines = text.strip().split("\\R", -1);
    int count = (int) number(lines[0].strip(), MAX_INSTRUCTIONS, 1, "the number of instructions");
    if (lines.length - 1 != count) {
      throw new IllegalArgumentException(
          "line 1 announces "
              + count
              + " instructions, "
              + (lines.length - 1)
              + " follow; the text is what `tcpdump -ddd EXPRESSION` prints");
    }
    List<Instruction> instructions = new ArrayList<>(count);
    for (int line = 2; line <= lines.length; line++) {
      String[] fields = lines[line - 1].strip().split("\\s+");
      if (fields.length != 4) {
        throw new IllegalArgumentException(
            "line " + line + ": found " + fields.length + " numbers, expected `code jt jf k`");
      }
      instructions.add(
          new Instruction(
              (int) number(fields[0], 0xFFFF, line, "code"),
              (int) number(fields[1], 0xFF, line, "jt"),
              (int) number(fields[2], 0xFF, line, "jf"),
              (int) number(fields[3], 0xFFFF_FFFFL, line, "k")));
    }
    return new BpfProgram(instructions);
  }

  private static long number(String text, long most, int line, String what) {
    long value;
    try {
      value = Long.parseLong(text);
    } catch (NumberFormatException e) {
      value = -1;
    }
    if (value < 0 || value > most) {
      String shown = text.length() > 40 ? text.substring(0, 40) + "…" : text;
      throw new IllegalArgumentException(
          "line " + line + ": " + what + " is '" + shown + "', not a number from 0 to " + most);
    }
    return value;
  }

  /** The instructions in order. */
  public List<Instruction> instructions() {
    return instructions;
  }

  /**
   * The same decisions, but no frame keeps more than this many bytes: the snap length belongs into
   * the program, where it saves space in the ring.
   */
  public BpfProgram cutTo(int snapLengthBytes) {
    List<Instruction> cut = new ArrayList<>(instructions.size());
    for (Instruction instruction : instructions) {
      boolean longer =
          instruction.code == RET_K && Integer.compareUnsigned(instruction.k, snapLengthBytes) > 0;
      cut.add(longer ? ret(snapLengthBytes) : instruction);
    }
    return new BpfProgram(cut);
  }

  static Instruction ret(int k) {
    return new Instruction(RET_K, 0, 0, k);
  }

  /** The rules of the kernel's bpf_check_classic, so that a refusal has a reason. */
  private static void check(List<Instruction> program) {
    int count = program.size();
    if (count == 0 || count > MAX_INSTRUCTIONS) {
      throw new IllegalArgumentException(
          "a BPF program of "
              + count
              + " instructions; from 1 to "
              + MAX_INSTRUCTIONS
              + " are allowed");
    }
    // for each instruction the scratch words that every way to it has written
    int[] written = new int[count];
    Arrays.fill(written, -1);
    int writtenHere = 0;
    for (int at = 0; at < count; at++) {
      Instruction instruction = program.get(at);
      writtenHere &= written[at];
      String fault = fault(instruction, count - at - 1, writtenHere);
      if (fault != null) {
        throw new IllegalArgumentException(
            "BPF instruction " + at + " (code " + instruction.code + "): " + fault);
      }
      switch (instruction.code) {
        case ST:
        case STX:
          writtenHere |= 1 << instruction.k;
          break;
        case JA:
          written[at + 1 + instruction.k] &= writtenHere;
          writtenHere = -1;
          break;
        case JEQ_K:
        case JEQ_X:
        case JGT_K:
        case JGT_X:
        case JGE_K:
        case JGE_X:
        case JSET_K:
        case JSET_X:
          written[at + 1 + instruction.jt] &= writtenHere;
          written[at + 1 + instruction.jf] &= writtenHere;
          writtenHere = -1;
          break;
        default:
          break;
      }
    }
    int last = program.get(count - 1).code;
    if (last != RET_K && last != RET_A) {
      throw new IllegalArgumentException("the BPF program does not end with a return");
    }
  }

  private static String fault(Instruction instruction, int following, int written) {
    int k = instruction.k;
    switch (instruction.code) {
      case LD_MEM:
      case LDX_MEM:
      case ST:
      case STX:
        if (Integer.compareUnsigned(k, SCRATCH_WORDS) >= 0) {
          return "scratch word " + Integer.toUnsignedString(k) + " is not from 0 to 15";
        }
        boolean reads = instruction.code == LD_MEM || instruction.code == LDX_MEM;
        return reads && (written & 1 << k) == 0
            ? "scratch word " + k + " is read and was not always written before"
            : null;
      case DIV_K:
      case MOD_K:
        return k == 0 ? "division by 0" : null;
      case LSH_K:
      case RSH_K:
        return Integer.compareUnsigned(k, 32) >= 0
            ? "shift by " + Integer.toUnsignedString(k) + " is not from 0 to 31"
            : null;
      case JA:
        if (k < 0) {
          return "jumps backwards, and the kernel takes no loops (`protochain` makes them)";
        }
        return Integer.compareUnsigned(k, following) >= 0 ? BEHIND_THE_END : null;
      case JEQ_K:
      case JEQ_X:
      case JGT_K:
      case JGT_X:
      case JGE_K:
      case JGE_X:
      case JSET_K:
      case JSET_X:
        return instruction.jt >= following || instruction.jf >= following ? BEHIND_THE_END : null;
      case LD_IMM:
      case LD_W_ABS:
      case LD_H_ABS:
      case LD_B_ABS:
      case LD_W_IND:
      case LD_H_IND:
      case LD_B_IND:
      case LD_LEN:
      case LDX_IMM:
      case LDX_LEN:
      case LDX_B_MSH:
      case ADD_K:
      case ADD_X:
      case SUB_K:
      case SUB_X:
      case MUL_K:
      case MUL_X:
      case DIV_X:
      case OR_K:
      case OR_X:
      case AND_K:
      case AND_X:
      case LSH_X:
      case RSH_X:
      case NEG:
      case MOD_X:
      case XOR_K:
      case XOR_X:
      case RET_K:
      case RET_A:
      case TAX:
      case TXA:
        return null;
      default:
        return (instruction.code & 0x07) == RET_K ? "unknown return" : "unknown instruction";
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BpfProgram && ((BpfProgram) other).instructions.equals(instructions);
  }

  @Override
  public int hashCode() {
    return instructions.hashCode();
  }

  @Override
  public String toString() {
    return "BPF program of " + instructions.size() + " instructions";
  }
}
