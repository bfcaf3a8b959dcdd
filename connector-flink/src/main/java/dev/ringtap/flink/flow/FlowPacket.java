package dev.ringtap.flink.flow;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.flow.FlowFrame;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.lang.foreign.MemorySegment;

/**
 * What a flow takes from a packet: its headers, without the payload. Flink keeps it as a POJO.
 *
 * @param addressKey {@link FlowFrame#addressKey}
 * @param startMicros the capture's start, in microseconds since 1970 UTC
 * @param timestampNanos in nanoseconds since 1970 UTC
 * @param vlanTag the outermost tag, TPID in the upper 16 bits, or 0
 * @param headers the payload's first bytes
 */
public record FlowPacket(
    long addressKey,
    String host,
    String interfaceName,
    long startMicros,
    int member,
    long sequence,
    long timestampNanos,
    int originalLength,
    int linkType,
    int vlanTag,
    byte[] headers) {

  /** Reads a packet, as a flow sees it. */
  public static FlowFrame read(FlowFrame frame, Packet packet) {
    return frame.read(
        PacketFields.capture(packet),
        PacketFields.timestampNanos(packet),
        packet.getOriginalLength(),
        MemorySegment.ofBuffer(packet.getPayload()),
        packet.getLinkType(),
        PacketFields.vlanTag(packet));
  }

  CaptureId capture() {
    return new CaptureId(host, interfaceName, startMicros, member);
  }

  FlowFrame readInto(FlowFrame frame) {
    return frame.read(
        capture(),
        timestampNanos,
        originalLength,
        MemorySegment.ofArray(headers),
        linkType,
        vlanTag);
  }
}
