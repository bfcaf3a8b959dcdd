package dev.ringtap.record;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.PacketType;
import java.time.Instant;

/** Fields of a decoded record as the rest of the library has them. */
public final class PacketFields {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private PacketFields() {}

  /** When the frame was seen, in nanoseconds since 1970 UTC. */
  public static long timestampNanos(Packet packet) {
    Instant time = packet.getTimestamp();
    return time.getEpochSecond() * NANOS_PER_SECOND + time.getNano();
  }

  /** For whom the frame was. */
  public static PacketType packetType(Packet packet) {
    return PacketType.valueOf(packet.getPacketType().name());
  }

  /** The capture that the frame is of. */
  public static CaptureId capture(Packet packet) {
    return new CaptureId(
        packet.getHost(), packet.getInterfaceName(), packet.getCaptureStart(), packet.getMember());
  }
}
