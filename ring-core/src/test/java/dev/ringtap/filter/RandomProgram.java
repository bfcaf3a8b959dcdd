package dev.ringtap.filter;

import dev.ringtap.filter.BpfProgram.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Programs of every opcode, jumps and scratch words among them, that the kernel takes. X stays
 * small where kernel and libpcap differ about large ones: in shifts and indirect loads.
 */
final class RandomProgram {
  private static final int[] LOADS = {
    BpfProgram.LD_W_ABS, BpfProgram.LD_H_ABS, BpfProgram.LD_B_ABS, BpfProgram.LDX_B_MSH
  };
  private static final int[] INDIRECT = {
    BpfProgram.LD_W_IND, BpfProgram.LD_H_IND, BpfProgram.LD_B_IND
  };
  private static final int[] ARITHMETIC = {
    BpfProgram.ADD_K, BpfProgram.SUB_K, BpfProgram.MUL_K, BpfProgram.DIV_K, BpfProgram.OR_K,
    BpfProgram.AND_K, BpfProgram.XOR_K, BpfProgram.MOD_K, BpfProgram.ADD_X, BpfProgram.SUB_X,
    BpfProgram.MUL_X, BpfProgram.DIV_X, BpfProgram.OR_X, BpfProgram.AND_X, BpfProgram.XOR_X,
    BpfProgram.MOD_X, BpfProgram.NEG
  };
  private static final int[] SHIFTS = {
    BpfProgram.LSH_K, BpfProgram.RSH_K, BpfProgram.LSH_X, BpfProgram.RSH_X
  };
  private static final int[] JUMPS = {
    BpfProgram.JEQ_K, BpfProgram.JEQ_X, BpfProgram.JGT_K, BpfProgram.JGT_X,
    BpfProgram.JGE_K, BpfProgram.JGE_X, BpfProgram.JSET_K, BpfProgram.JSET_X
  };

  private final Random random;
  private final int[] ancillary;
  private final List<Instruction> body = new ArrayList<>();

  private RandomProgram(Random random, int[] ancillary) {
    this.random = random;
    this.ancillary = ancillary;
  }

  /**
   * @param ancillary the numbers of {@link Ancillary} that it may load, or none
   */
  static BpfProgram next(Random random, int... ancillary) {
    RandomProgram program = new RandomProgram(random, ancillary);
    program.add(BpfProgram.LDX_IMM, random.nextInt(20));
    program.add(BpfProgram.STX, 0);
    int steps = 2 + random.nextInt(14);
    for (int i = 0; i < steps; i++) {
      program.step();
    }
    return program.finish();
  }

  private void step() {
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> add(pick(LOADS), index());
      case 3 -> {
        smallX();
        add(pick(INDIRECT), index());
      }
      case 4 -> {
        if (ancillary.length > 0) {
          add(pick(LOADS, 3), -0x1000 + pick(ancillary));
        }
      }
      case 5, 6 -> {
        int code = pick(ARITHMETIC);
        add(code, Math.max(1, value()));
      }
      case 7 -> {
        smallX();
        add(pick(SHIFTS), random.nextInt(32));
      }
      case 8 -> {
        add(random.nextBoolean() ? BpfProgram.ST : BpfProgram.STX, 1);
        add(random.nextBoolean() ? BpfProgram.LD_MEM : BpfProgram.LDX_MEM, random.nextInt(2));
      }
      case 9 ->
          add(
              pick(
                  new int[] {
                    BpfProgram.TAX,
                    BpfProgram.TXA,
                    BpfProgram.LD_LEN,
                    BpfProgram.LDX_LEN,
                    BpfProgram.LD_IMM,
                    BpfProgram.LDX_IMM
                  }),
              value());
      default -> body.add(new Instruction(pick(JUMPS), -1, -1, value()));
    }
  }

  private void smallX() {
    int kind = random.nextInt(3);
    if (kind == 0) {
      add(BpfProgram.LDX_IMM, random.nextInt(32));
    } else if (kind == 1) {
      add(BpfProgram.AND_K, 31);
      add(BpfProgram.TAX, 0);
    } else {
      add(BpfProgram.LDX_MEM, 0);
    }
  }

  /** Jumps get their targets, and the end its returns. */
  private BpfProgram finish() {
    List<Instruction> program = new ArrayList<>();
    // word 1 may be read before it was written where a jump skips that
    program.add(new Instruction(BpfProgram.ST, 0, 0, 1));
    int count = body.size();
    for (int i = 0; i < count; i++) {
      Instruction each = body.get(i);
      if (each.jt() < 0) {
        // targets: an instruction that does not need the one before it, or one of the two returns
        each = new Instruction(each.code(), target(i), target(i), each.k());
      }
      program.add(each);
    }
    boolean byA = random.nextInt(4) == 0;
    program.add(new Instruction(byA ? BpfProgram.RET_A : BpfProgram.RET_K, 0, 0, 0x40000));
    program.add(new Instruction(BpfProgram.RET_K, 0, 0, random.nextBoolean() ? 0 : 0x40000));
    return new BpfProgram(program);
  }

  private int target(int from) {
    int count = body.size();
    int to = from + 1 + random.nextInt(count + 1 - from);
    while (to < count && to > from + 1 && isTail(to)) {
      to++;
    }
    return to - from - 1;
  }

  /** Whether this instruction relies on X being small. */
  private boolean isTail(int at) {
    int code = body.get(at).code();
    return code == BpfProgram.TAX
        || code == BpfProgram.LSH_X
        || code == BpfProgram.RSH_X
        || code == BpfProgram.LD_W_IND
        || code == BpfProgram.LD_H_IND
        || code == BpfProgram.LD_B_IND;
  }

  private int index() {
    return random.nextInt(16) == 0 ? random.nextInt(0x10000) : random.nextInt(50);
  }

  private int value() {
    return switch (random.nextInt(5)) {
      case 0 -> random.nextInt();
      case 1 -> random.nextInt(0x10000);
      case 2 -> new int[] {0x800, 0x86DD, 0x8100, 17, 6, 100}[random.nextInt(6)];
      default -> random.nextInt(256);
    };
  }

  private int pick(int[] codes) {
    return pick(codes, codes.length);
  }

  private int pick(int[] codes, int count) {
    return codes[random.nextInt(count)];
  }

  private void add(int code, int k) {
    body.add(new Instruction(code, 0, 0, k));
  }
}
