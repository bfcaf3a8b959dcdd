package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.LinkType;
import dev.ringtap.file.FileFrameFilter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.lang.foreign.MemorySegment;

/** An expression of pcap-filter(7) on packets of any link type. Not thread-safe. */
final class PacketFilter {
  private final FrameFilter compiled;
  private final FileFrameFilter filter;
  private boolean used;

  PacketFilter(String expression) {
    compiled = FrameFilter.of(expression, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    filter = new FileFrameFilter(compiled);
  }

  /**
   * Whether the expression matches.
   *
   * @throws FilterException if it is wrong, or libpcap is missing
   */
  boolean keeps(Packet packet) throws FilterException {
    used = true;
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

  /** Reports a wrong expression even if there was no packet. */
  void check() throws FilterException {
    if (!used) {
      compiled.forLinkType(LinkType.ETHERNET);
    }
  }
}
