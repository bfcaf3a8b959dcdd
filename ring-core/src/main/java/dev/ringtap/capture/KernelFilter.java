package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.BpfProgram.Instruction;
import java.util.ArrayList;
import java.util.List;

/**
 * Fits a filter to what the kernel lets it see. A filter speaks of the payload as delivered; on a
 * cooked capture the kernel runs it on the frame without that header, whose fields it has under
 * numbers of their own ({@link Bpf#AD_OFF}). As libpcap's {@code fix_offset}.
 */
final class KernelFilter {
  private static final int BPF_LD = 0x00;
  private static final int BPF_LDX = 0x01;
  private static final int BPF_ABS = 0x20;
  private static final int BPF_IND = 0x40;
  private static final int BPF_MSH = 0xa0;

  private KernelFilter() {}

  /**
   * The program for a cooked capture.
   *
   * @param program what decides on the payload, its snap length counting the header
   * @throws CaptureException if the program reads a field of the header that the kernel has not
   */
  static BpfProgram cooked(BpfProgram program, int linkType) throws CaptureException {
    int headerBytes = CookedHeader.bytes(linkType);
    List<Instruction> fitted = new ArrayList<>();
    for (Instruction each : program.instructions()) {
      int operation = each.code() & 0x07;
      int mode = each.code() & 0xe0;
      boolean loads =
          (operation == BPF_LD || operation == BPF_LDX)
              && (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH);
      if (loads && each.k() >= 0) {
        int at = fit(each.k(), linkType, headerBytes);
        fitted.add(new Instruction(each.code(), each.jt(), each.jf(), at));
      } else {
        fitted.add(each);
      }
    }
    return new BpfProgram(fitted);
  }

  /** Operands below 0 are the kernel's own fields already. */
  private static int fit(int at, int linkType, int headerBytes) throws CaptureException {
    if (at >= headerBytes) {
      return at - headerBytes;
    }
    boolean second = linkType == LinkType.LINUX_SLL2;
    if (at == (second ? 0 : 14)) {
      return Bpf.AD_OFF + Bpf.AD_PROTOCOL;
    }
    if (at == (second ? 10 : 0)) {
      return Bpf.AD_OFF + Bpf.AD_PKTTYPE;
    }
    if (at == 4 && second) {
      return Bpf.AD_OFF + Bpf.AD_IFINDEX;
    }
    throw new CaptureException(
        Reason.UNSUPPORTED_FILTER,
        "the filter reads byte "
            + at
            + " of the frame's cooked header, which the kernel cannot look at; filter by protocol,"
            + " direction, interface or what follows the header");
  }

  /** Refuses what goes the other way. */
  static BpfProgram only(Direction direction, BpfProgram rest) {
    boolean out = direction == Direction.OUT;
    List<Instruction> program = new ArrayList<>();
    program.add(new Instruction(Bpf.LD_B_ABS, 0, 0, Bpf.AD_OFF + Bpf.AD_PKTTYPE));
    program.add(
        new Instruction(Bpf.JEQ_K, out ? 1 : 0, out ? 0 : 1, PacketType.OUTGOING.ordinal()));
    program.add(new Instruction(Bpf.RET_K, 0, 0, 0));
    program.addAll(rest.instructions());
    return new BpfProgram(program);
  }

  /** Refuses what goes out on the loopback, which shows every frame again as it comes in. */
  static BpfProgram withoutOutgoing(int loopbackIndex, BpfProgram rest) {
    List<Instruction> program = new ArrayList<>();
    program.add(new Instruction(Bpf.LD_W_ABS, 0, 0, Bpf.AD_OFF + Bpf.AD_IFINDEX));
    program.add(new Instruction(Bpf.JEQ_K, 0, 3, loopbackIndex));
    program.add(new Instruction(Bpf.LD_B_ABS, 0, 0, Bpf.AD_OFF + Bpf.AD_PKTTYPE));
    program.add(new Instruction(Bpf.JEQ_K, 0, 1, PacketType.OUTGOING.ordinal()));
    program.add(new Instruction(Bpf.RET_K, 0, 0, 0));
    // the other program begins as the kernel starts one
    program.add(new Instruction(Bpf.LD_IMM, 0, 0, 0));
    program.addAll(rest.instructions());
    return new BpfProgram(program);
  }
}
