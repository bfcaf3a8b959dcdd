package dev.ringtap.filter;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A classic BPF program: what the kernel runs on every frame before it enters the ring. The result
 * is the number of bytes to keep; 0 refuses the frame.
 *
 * <p>Immutable and thread-safe. Instructions are those of {@code <linux/filter.h>}, {@code struct
 * sock_filter}; a program that this class holds ends on every path and jumps only inside itself.
 */
public final class BpfProgram implements Serializable {
  private static final long serialVersionUID = 1;

  /** The kernel takes no longer program: BPF_MAXINSNS. */
  public static final int MAX_INSTRUCTIONS = 4096;

  /** The longest program that tcpdump prints has a tenth of it. */
  private static final int MAX_FILE_BYTES = 256 << 10;

  private static final String PAST_THE_END = "jumps past the end of the program";

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
  public record Instruction(int code, int jt, int jf, int k) implements Serializable {}

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
   * @throws IllegalArgumentException if it is anything else; the message names the line, and shows
   *     nothing of a text that is no program
   */
  public static BpfProgram parse(String text) {
    String[] lines = text.strip().split("\\R", -1);
    int count = (int) number(lines[0].strip(), MAX_INSTRUCTIONS, 1, "the number of instructions");
    if (lines.length - 1 != count) {
      throw new IllegalArgumentException(
          "line 1: not the number of the lines that follow; the text is what `tcpdump -ddd"
              + " EXPRESSION` prints");
    }
    List<Instruction> instructions = new ArrayList<>(count);
    for (int line = 2; line <= lines.length; line++) {
      String[] fields = lines[line - 1].strip().split("\\s+");
      if (fields.length != 4) {
        throw new IllegalArgumentException(
            "line " + line + ": not four numbers `code jt jf k` between blanks");
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

  /**
   * Reads a program from a file, as {@link #parse}. Only a regular file of at most 256 KiB is
   * opened: a device may have no end, and a file without a length, as in {@code /proc}, may wait.
   *
   * @throws IOException if it is no such file, or holds no program; the message shows nothing of
   *     what it holds
   */
  public static BpfProgram read(Path file) throws IOException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new IOException(file + ": not a regular file");
      }
      if (attributes.size() == 0 || attributes.size() > MAX_FILE_BYTES) {
        throw new IOException(
            file + ": " + (attributes.size() == 0 ? "empty" : "larger than 256 KiB"));
      }
      try (InputStream in = Files.newInputStream(file)) {
        return parse(new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.ISO_8859_1));
      }
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new IOException(file + ": permission denied", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static long number(String text, long most, int line, String what) {
    long value;
    try {
      value = Long.parseLong(text);
    } catch (NumberFormatException e) {
      value = -1;
    }
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(
          "line " + line + ": " + what + " is not a number from 0 to " + most);
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
          instruction.code == Bpf.RET_K
              && Integer.compareUnsigned(instruction.k, snapLengthBytes) > 0;
      cut.add(longer ? ret(snapLengthBytes) : instruction);
    }
    return new BpfProgram(cut);
  }

  static Instruction ret(int k) {
    return new Instruction(Bpf.RET_K, 0, 0, k);
  }

  /** The rules of the kernel's bpf_check_classic, so that a refusal has a reason. */
  private static void check(List<Instruction> program) {
    int count = program.size();
    if (count == 0 || count > MAX_INSTRUCTIONS) {
      throw new IllegalArgumentException(
          "a BPF program of %s instructions; from 1 to %s are allowed"
              .formatted(count, MAX_INSTRUCTIONS));
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
        case Bpf.ST, Bpf.STX -> writtenHere |= 1 << instruction.k;
        case Bpf.JA -> {
          written[at + 1 + instruction.k] &= writtenHere;
          writtenHere = -1;
        }
        case Bpf.JEQ_K,
            Bpf.JEQ_X,
            Bpf.JGT_K,
            Bpf.JGT_X,
            Bpf.JGE_K,
            Bpf.JGE_X,
            Bpf.JSET_K,
            Bpf.JSET_X -> {
          written[at + 1 + instruction.jt] &= writtenHere;
          written[at + 1 + instruction.jf] &= writtenHere;
          writtenHere = -1;
        }
        default -> {}
      }
    }
    int last = program.get(count - 1).code;
    if (last != Bpf.RET_K && last != Bpf.RET_A) {
      throw new IllegalArgumentException("the BPF program does not end with a return");
    }
  }

  private static @Nullable String fault(Instruction instruction, int following, int written) {
    int k = instruction.k;
    switch (instruction.code) {
      case Bpf.LD_MEM, Bpf.LDX_MEM, Bpf.ST, Bpf.STX -> {
        if (Integer.compareUnsigned(k, Bpf.SCRATCH_WORDS) >= 0) {
          return "scratch word " + Integer.toUnsignedString(k) + " is not from 0 to 15";
        }
        boolean reads = instruction.code == Bpf.LD_MEM || instruction.code == Bpf.LDX_MEM;
        return reads && (written & 1 << k) == 0
            ? "scratch word " + k + " is read and was not always written before"
            : null;
      }
      case Bpf.DIV_K, Bpf.MOD_K -> {
        return k == 0 ? "division by 0" : null;
      }
      case Bpf.LSH_K, Bpf.RSH_K -> {
        return Integer.compareUnsigned(k, 32) >= 0
            ? "shift by " + Integer.toUnsignedString(k) + " is not from 0 to 31"
            : null;
      }
      case Bpf.JA -> {
        if (k < 0) {
          return "jumps backwards, and the kernel takes no loops (`protochain` makes them; `proto` looks"
              + " at the first header alone)";
        }
        return Integer.compareUnsigned(k, following) >= 0 ? PAST_THE_END : null;
      }
      case Bpf.JEQ_K,
          Bpf.JEQ_X,
          Bpf.JGT_K,
          Bpf.JGT_X,
          Bpf.JGE_K,
          Bpf.JGE_X,
          Bpf.JSET_K,
          Bpf.JSET_X -> {
        return instruction.jt >= following || instruction.jf >= following ? PAST_THE_END : null;
      }
      case Bpf.LD_W_ABS, Bpf.LD_H_ABS, Bpf.LD_B_ABS -> {
        return k < 0 && k >= Bpf.AD_OFF && !Bpf.isAncillary(k - Bpf.AD_OFF)
            ? "loads the kernel's ancillary value " + (k - Bpf.AD_OFF) + ", which does not exist"
            : null;
      }
      case Bpf.LD_IMM,
          Bpf.LD_W_IND,
          Bpf.LD_H_IND,
          Bpf.LD_B_IND,
          Bpf.LD_LEN,
          Bpf.LDX_IMM,
          Bpf.LDX_LEN,
          Bpf.LDX_B_MSH,
          Bpf.ADD_K,
          Bpf.ADD_X,
          Bpf.SUB_K,
          Bpf.SUB_X,
          Bpf.MUL_K,
          Bpf.MUL_X,
          Bpf.DIV_X,
          Bpf.OR_K,
          Bpf.OR_X,
          Bpf.AND_K,
          Bpf.AND_X,
          Bpf.LSH_X,
          Bpf.RSH_X,
          Bpf.NEG,
          Bpf.MOD_X,
          Bpf.XOR_K,
          Bpf.XOR_X,
          Bpf.RET_K,
          Bpf.RET_A,
          Bpf.TAX,
          Bpf.TXA -> {
        return null;
      }
      default -> {
        return (instruction.code & 0x07) == Bpf.RET_K ? "unknown return" : "unknown instruction";
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BpfProgram program && program.instructions.equals(instructions);
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
