package dev.ringtap.capture;

import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.BpfProgram;

/**
 * Decides on frames that are in the ring already as the kernel would have with the same program.
 * Not thread-safe.
 */
final class QueuedFrameFilter {
  private final BpfInterpreter interpreter;

  private Frame frame;
  private final Ancillary ofFrame = this::ancillary;

  /**
   * @param program as it was given to the kernel
   */
  QueuedFrameFilter(BpfProgram program) {
    interpreter = new BpfInterpreter(program);
  }

  /** Bytes to keep of the frame as it lies in the ring, unsigned; 0 refuses it. */
  int keptBytes(Frame queued) {
    frame = queued;
    return interpreter.run(
        queued.memory(),
        queued.dataOffset(),
        queued.capturedLength(),
        queued.ringLength(),
        ofFrame);
  }

  private long ancillary(int which) {
    switch (which) {
      case Ancillary.PROTOCOL:
        return frame.protocol();
      case Ancillary.PKTTYPE:
        return frame.packetType().ordinal();
      case Ancillary.IFINDEX:
        return frame.interfaceIndex();
      case Ancillary.VLAN_TAG:
        return frame.strippedTag() & 0xFFFF;
      case Ancillary.VLAN_TAG_PRESENT:
        return frame.strippedTag() == 0 ? 0 : 1;
      case Ancillary.VLAN_TPID:
        return frame.strippedTag() >>> 16;
      default:
        return Ancillary.UNKNOWN;
    }
  }
}
