package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.LinkType;
import dev.ringtap.file.FileFrameFilter;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.lang.foreign.MemorySegment;

/** An expression of pcap-filter(7) on frames of any link type. Not thread-safe. */
final class PacketFilter implements FrameFilter {
  private final FrameFilter compiled;
  private final FileFrameFilter filter = new FileFrameFilter(this);
  private boolean used;

  PacketFilter(String expression) {
    compiled = FrameFilter.of(expression, CaptureOption.MAX_SNAP_LENGTH_BYTES);
  }

  @Override
  public BpfProgram forLinkType(int linkType) throws FilterException {
    used = true;
    return compiled.forLinkType(linkType);
  }

  /**
   * Whether the expression matches.
   *
   * @throws FilterException if it is wrong, or libpcap is missing
   */
  boolean keeps(Packet packet) throws FilterException {
    MemorySegment payload = MemorySegment.ofBuffer(packet.getPayload());
    return filter.keptBytes(
            packet.getLinkType(),
            PacketFields.packetType(packet),
            payload,
            0,
            (int) payload.byteSize(),
            packet.getOriginalLength())
        != 0;
  }

  /** Reports a wrong expression even if there was no frame. */
  void check() throws FilterException {
    if (!used) {
      compiled.forLinkType(LinkType.ETHERNET);
    }
  }
}
