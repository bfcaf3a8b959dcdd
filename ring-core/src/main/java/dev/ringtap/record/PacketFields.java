package dev.ringtap.record;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.VlanTag;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Fields of a record as the rest of the library has them, and back. */
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

  /** A frame's tag as the record has it; null for none. */
  public static @Nullable Vlan vlan(int vlanTag) {
    return vlanTag == 0
        ? null
        : new Vlan(
            VlanTag.tpid(vlanTag),
            VlanTag.id(vlanTag),
            VlanTag.priority(vlanTag),
            VlanTag.isDropEligible(vlanTag));
  }

  /** The record's tag as a frame has it, TPID in the upper and TCI in the lower 16 bits; or 0. */
  public static int vlanTag(Packet packet) {
    Vlan vlan = packet.getVlan();
    return vlan == null
        ? 0
        : vlan.getTpid() << 16
            | vlan.getPriority() << 13
            | (vlan.getDropEligible() ? 0x1000 : 0)
            | vlan.getId();
  }

  /** The capture that the frame is of. */
  public static CaptureId capture(Packet packet) {
    return new CaptureId(
        packet.getHost(), packet.getInterfaceName(), packet.getCaptureStart(), packet.getMember());
  }

  /**
   * Writes a record's frame.
   *
   * @param interfaceId what the writer gave for the record's capture
   */
  public static void write(PcapngWriter writer, int interfaceId, Packet packet) throws IOException {
    MemorySegment payload = MemorySegment.ofBuffer(packet.getPayload());
    writer.write(
        interfaceId,
        timestampNanos(packet),
        packet.getOriginalLength(),
        packetType(packet),
        packet.getFlags(),
        packet.getLostBefore(),
        payload,
        0,
        (int) payload.byteSize());
  }
}
