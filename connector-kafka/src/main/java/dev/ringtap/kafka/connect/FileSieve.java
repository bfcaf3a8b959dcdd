package dev.ringtap.kafka.connect;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.Bpf;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import java.util.HashMap;
import java.util.Map;

/**
 * Filters the frames of a capture file behind the reader, which then counts all of them: a position
 * in the file does not depend on the filter. For one thread.
 */
final class FileSieve implements Ancillary {
  private static final int ETHERTYPE_AT = 12;
  private static final int LEAST_ETHERTYPE = 0x600;

  private final FrameFilter filter;
  private final Map<Integer, BpfInterpreter> interpreters = new HashMap<>();

  private Frame frame;

  FileSieve(FrameFilter filter) {
    this.filter = filter;
  }

  /**
   * Whether the filter keeps the frame; it is cut then as the filter says.
   *
   * @throws FilterException if the filter has no program for the frame's link type
   */
  boolean keeps(Frame candidate) throws FilterException {
    frame = candidate;
    BpfInterpreter interpreter = interpreters.get(candidate.linkType());
    if (interpreter == null) {
      interpreter = new BpfInterpreter(filter.forLinkType(candidate.linkType()));
      interpreters.put(candidate.linkType(), interpreter);
    }
    int bytes =
        interpreter.run(
            candidate.memory(),
            candidate.dataOffset(),
            candidate.capturedLength(),
            candidate.originalLength(),
            this);
    candidate.cutTo(bytes);
    return bytes != 0;
  }

  /** What a file tells: no tag was taken off, and which way the frame went. */
  @Override
  public long value(int which) {
    switch (which) {
      case Bpf.AD_PKTTYPE:
        return frame.packetType().ordinal();
      case Bpf.AD_VLAN_TAG:
      case Bpf.AD_VLAN_TAG_PRESENT:
      case Bpf.AD_VLAN_TPID:
        return 0;
      case Bpf.AD_PROTOCOL:
        return etherType();
      default:
        return UNKNOWN;
    }
  }

  private long etherType() {
    if (frame.linkType() != LinkType.ETHERNET || frame.capturedLength() < ETHERTYPE_AT + 2) {
      return UNKNOWN;
    }
    int type = frame.unsignedShortAt(ETHERTYPE_AT);
    return type < LEAST_ETHERTYPE ? UNKNOWN : type;
  }
}
