package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.BpfProgram.Instruction;
import java.util.Set;

/**
 * Decides on frames that are in the ring already as the kernel would have with the same program.
 * Not thread-safe.
 */
final class UserspaceFilter implements Ancillary {
  private static final Set<Integer> IN_THE_RING =
      Set.of(
          Bpf.AD_PROTOCOL,
          Bpf.AD_PKTTYPE,
          Bpf.AD_IFINDEX,
          Bpf.AD_HATYPE,
          Bpf.AD_VLAN_TAG,
          Bpf.AD_VLAN_TAG_PRESENT,
          Bpf.AD_VLAN_TPID);

  private final BpfInterpreter interpreter;

  private Frame frame;

  /**
   * @param program as it is given to the kernel
   * @throws CaptureException if it asks for what the kernel knew and the ring does not keep
   */
  @SuppressWarnings("NullAway.Init") // the program runs on the frame of keptBytes
  UserspaceFilter(BpfProgram program) throws CaptureException {
    for (Instruction each : program.instructions()) {
      boolean loads =
          each.code() == Bpf.LD_W_ABS || each.code() == Bpf.LD_H_ABS || each.code() == Bpf.LD_B_ABS;
      if (loads
          && each.k() < 0
          && each.k() >= Bpf.AD_OFF
          && !IN_THE_RING.contains(each.k() - Bpf.AD_OFF)) {
        throw new CaptureException(
            Reason.UNSUPPORTED_FILTER,
            ("the filter asks for the kernel's ancillary value %s, which frames in the ring do"
                    + " not have; open a new capture with it")
                .formatted(each.k() - Bpf.AD_OFF));
      }
    }
    interpreter = new BpfInterpreter(program);
  }

  /** Bytes to keep of the frame as it lies in the ring, unsigned; 0 refuses it. */
  int keptBytes(Frame queued) {
    frame = queued;
    return queued.run(interpreter, this);
  }

  @Override
  public long value(int which) {
    return switch (which) {
      case Bpf.AD_PROTOCOL -> frame.protocol();
      case Bpf.AD_PKTTYPE -> frame.packetType().ordinal();
      case Bpf.AD_IFINDEX -> frame.interfaceIndex();
      case Bpf.AD_HATYPE -> frame.hardwareType();
      case Bpf.AD_VLAN_TAG -> frame.strippedTag() & 0xFFFF;
      case Bpf.AD_VLAN_TAG_PRESENT -> frame.strippedTag() == 0 ? 0 : 1;
      case Bpf.AD_VLAN_TPID -> frame.strippedTag() >>> 16;
      default -> UNKNOWN;
    };
  }

  @Override
  public long networkOffset() {
    return frame.networkOffset();
  }

  @Override
  public long linkOffset() {
    return frame.cookedHeaderLength() == 0 ? 0 : UNKNOWN;
  }
}
