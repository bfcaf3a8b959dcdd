package dev.ringtap.filter;

import java.util.ArrayList;
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

  private static final int BPF_LD = 0x00;
  private static final int BPF_LDX = 0x01;
  private static final int BPF_ST = 0x02;
  private static final int BPF_STX = 0x03;
  private static final int BPF_ALU = 0x04;
  private static final int BPF_JMP = 0x05;
  private static final int BPF_RET = 0x06;
  private static final int BPF_MISC = 0x07;

  private static final int RET_K = 0x06;
  private static final int RET_A = 0x16;
  private static final int RET_SOURCE_MASK = 0x18;
  private static final int MEMORY_WORDS = 16;

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
    for (int at = 0; at < count; at++) {
      Instruction instruction = program.get(at);
      String fault = fault(instruction, count - at - 1);
      if (fault != null) {
        throw new IllegalArgumentException(
            "BPF instruction " + at + " (code " + instruction.code + "): " + fault);
      }
    }
    int last = program.get(count - 1).code;
    if (last != RET_K && last != RET_A) {
      throw new IllegalArgumentException("the BPF program does not end with a return");
    }
  }

  private static String fault(Instruction instruction, int following) {
    int code = instruction.code;
    switch (code & 0x07) {
      case BPF_LD:
      case BPF_LDX:
        int mode = code & 0xe0;
        boolean scratch = mode == 0x60;
        return scratch && Integer.compareUnsigned(instruction.k, MEMORY_WORDS) >= 0
            ? "scratch word " + Integer.toUnsignedString(instruction.k) + " is not from 0 to 15"
            : null;
      case BPF_ST:
      case BPF_STX:
        return Integer.compareUnsigned(instruction.k, MEMORY_WORDS) >= 0
            ? "scratch word " + Integer.toUnsignedString(instruction.k) + " is not from 0 to 15"
            : null;
      case BPF_ALU:
        boolean divides = (code & 0xf0) == 0x30 || (code & 0xf0) == 0x90;
        return divides && (code & 0x08) == 0 && instruction.k == 0 ? "division by 0" : null;
      case BPF_JMP:
        boolean leaves =
            (code & 0xf0) == 0
                ? Integer.compareUnsigned(instruction.k, following) >= 0
                : instruction.jt >= following || instruction.jf >= following;
        return leaves ? "jumps behind the end of the program" : null;
      case BPF_RET:
        return (code & RET_SOURCE_MASK) == RET_SOURCE_MASK || code > RET_A
            ? "unknown return"
            : null;
      case BPF_MISC:
        return code != 0x07 && code != 0x87 ? "unknown instruction" : null;
      default:
        throw new AssertionError(code);
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
