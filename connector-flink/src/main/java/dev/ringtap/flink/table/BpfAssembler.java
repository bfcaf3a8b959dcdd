package dev.ringtap.flink.table;

import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.BpfProgram.Instruction;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes BPF programs with labels. A comparison's own jumps reach 255 instructions, so each goes to
 * an unconditional one after it, which reaches all of the program. Not thread-safe.
 */
final class BpfAssembler {
  private static final int UNPLACED = -1;

  private final List<Instruction> program = new ArrayList<>();
  private final List<Jump> jumps = new ArrayList<>();

  /** A place to jump to, which may come later. */
  static final class Label {
    private int at = UNPLACED;
  }

  private record Jump(int at, Label to) {}

  /** Adds an instruction that is no jump. */
  BpfAssembler add(int code, int k) {
    program.add(new Instruction(code, 0, 0, k));
    return this;
  }

  /** Compares the accumulator with a constant and goes to one of two labels. */
  void branch(int code, int k, Label yes, Label no) {
    program.add(new Instruction(code, 0, 1, k));
    go(yes);
    go(no);
  }

  /** Compares the accumulator with X and goes to one of two labels. */
  void branchX(int code, Label yes, Label no) {
    branch(code, 0, yes, no);
  }

  /** Compares the accumulator with a constant and goes on after if it holds. */
  void require(int code, int k, Label otherwise) {
    program.add(new Instruction(code, 1, 0, k));
    go(otherwise);
  }

  /** Compares the accumulator with a constant and leaves if it holds. */
  void leaveIf(int code, int k, Label to) {
    program.add(new Instruction(code, 0, 1, k));
    go(to);
  }

  void go(Label to) {
    jumps.add(new Jump(program.size(), to));
    program.add(new Instruction(Bpf.JA, 0, 0, 0));
  }

  /** The label is here. */
  void place(Label label) {
    label.at = program.size();
  }

  /** Adds a whole program, which begins as the kernel starts one, with both registers at 0. */
  void append(BpfProgram other) {
    add(Bpf.LD_IMM, 0).add(Bpf.LDX_IMM, 0);
    program.addAll(other.instructions());
  }

  /**
   * The program.
   *
   * @throws IllegalArgumentException if the kernel would not take it: it is too long
   */
  BpfProgram assemble() {
    for (Jump jump : jumps) {
      if (jump.to.at == UNPLACED) {
        throw new AssertionError("a jump to a label that was never placed");
      }
      program.set(jump.at, new Instruction(Bpf.JA, 0, 0, jump.to.at - jump.at - 1));
    }
    return new BpfProgram(program);
  }
}
