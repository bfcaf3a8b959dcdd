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
  private static final int[] LOADS = {Bpf.LD_W_ABS, Bpf.LD_H_ABS, Bpf.LD_B_ABS, Bpf.LDX_B_MSH};
  private static final int[] INDIRECT = {Bpf.LD_W_IND, Bpf.LD_H_IND, Bpf.LD_B_IND};
  private static final int[] ARITHMETIC = {
    Bpf.ADD_K, Bpf.SUB_K, Bpf.MUL_K, Bpf.DIV_K, Bpf.OR_K,
    Bpf.AND_K, Bpf.XOR_K, Bpf.MOD_K, Bpf.ADD_X, Bpf.SUB_X,
    Bpf.MUL_X, Bpf.DIV_X, Bpf.OR_X, Bpf.AND_X, Bpf.XOR_X,
    Bpf.MOD_X, Bpf.NEG
  };
  private static final int[] SHIFTS = {Bpf.LSH_K, Bpf.RSH_K, Bpf.LSH_X, Bpf.RSH_X};
  private static final int[] JUMPS = {
    Bpf.JEQ_K, Bpf.JEQ_X, Bpf.JGT_K, Bpf.JGT_X,
    Bpf.JGE_K, Bpf.JGE_X, Bpf.JSET_K, Bpf.JSET_X
  };

  private final Random random;
  private final int[] ancillary;
  private final List<Instruction> body = new ArrayList<>();

  private RandomProgram(Random random, int[] ancillary) {
    this.random = random;
    this.ancillary = ancillary;
  }

  /**
   * @param ancillary numbers of ancillary values that it may load, and then also from the network
   *     and link layers; or none
   */
  static BpfProgram next(Random random, int... ancillary) {
    RandomProgram program = new RandomProgram(random, ancillary);
    program.add(Bpf.LDX_IMM, random.nextInt(20));
    program.add(Bpf.STX, 0);
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
          add(pick(LOADS, 3), Bpf.AD_OFF + pick(ancillary));
          smallX();
          add(
              random.nextBoolean() ? pick(LOADS) : pick(INDIRECT),
              (random.nextBoolean() ? Bpf.NET_OFF : Bpf.LL_OFF) + index() - random.nextInt(4));
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
        add(random.nextBoolean() ? Bpf.ST : Bpf.STX, 1);
        add(random.nextBoolean() ? Bpf.LD_MEM : Bpf.LDX_MEM, random.nextInt(2));
      }
      case 9 ->
          add(
              pick(new int[] {Bpf.TAX, Bpf.TXA, Bpf.LD_LEN, Bpf.LDX_LEN, Bpf.LD_IMM, Bpf.LDX_IMM}),
              value());
      default -> body.add(new Instruction(pick(JUMPS), -1, -1, value()));
    }
  }

  private void smallX() {
    int kind = random.nextInt(3);
    if (kind == 0) {
      add(Bpf.LDX_IMM, random.nextInt(32));
    } else if (kind == 1) {
      add(Bpf.AND_K, 31);
      add(Bpf.TAX, 0);
    } else {
      add(Bpf.LDX_MEM, 0);
    }
  }

  /** Jumps get their targets, and the end its returns. */
  private BpfProgram finish() {
    List<Instruction> program = new ArrayList<>();
    // word 1 may be read before it was written where a jump skips that
    program.add(new Instruction(Bpf.ST, 0, 0, 1));
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
    program.add(new Instruction(byA ? Bpf.RET_A : Bpf.RET_K, 0, 0, 0x40000));
    program.add(new Instruction(Bpf.RET_K, 0, 0, random.nextBoolean() ? 0 : 0x40000));
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
    return code == Bpf.TAX
        || code == Bpf.LSH_X
        || code == Bpf.RSH_X
        || code == Bpf.LD_W_IND
        || code == Bpf.LD_H_IND
        || code == Bpf.LD_B_IND;
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
