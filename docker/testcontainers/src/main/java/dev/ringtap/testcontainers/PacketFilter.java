package dev.ringtap.testcontainers;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.LinkType;
import dev.ringtap.file.FileFrameFilter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Predicate;

/** An expression of pcap-filter(7) on packets, compiled by this machine's libpcap. */
final class PacketFilter implements Predicate<Packet> {
  private final FileFrameFilter filter;

  /**
   * @param packets that are to be filtered; where there are none yet, Ethernet's are expected
   * @throws IllegalArgumentException if the expression is wrong, or libpcap is missing
   */
  PacketFilter(String expression, List<Packet> packets) {
    FrameFilter compiled = FrameFilter.of(expression, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    filter = new FileFrameFilter(compiled);
    try {
      // now, for it is wrong also where there is no packet that would show it
      compiled.forLinkType(packets.isEmpty() ? LinkType.ETHERNET : packets.get(0).getLinkType());
    } catch (FilterException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  @Override
  public boolean test(Packet packet) {
    ByteBuffer payload = packet.getPayload();
    try {
      return filter.keptBytes(
              packet.getLinkType(),
              PacketFields.packetType(packet),
              MemorySegment.ofBuffer(payload),
              0,
              payload.remaining(),
              packet.getOriginalLength())
          != 0;
    } catch (FilterException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
