package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import dev.ringtap.record.PacketType;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.jspecify.annotations.Nullable;

/**
 * Elements are Avro's generated {@link Packet}, each an object of its own, with Flink's Avro type
 * information; {@code flink-avro} must be on the class path.
 */
public final class PacketRecordDeserializer implements PacketDeserializer<Packet> {
  private static final long serialVersionUID = 1;

  private static final PacketType[] PACKET_TYPES = PacketType.values();
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** Of the last frame, with its start. */
  private transient @Nullable CaptureId capture;

  private transient @Nullable Instant captureStart;

  @Override
  public Packet deserialize(Frame frame) {
    byte[] payload = frame.payload();
    long nanos = frame.timestampNanos();
    Packet packet = new Packet();
    packet.setTimestamp(Instant.ofEpochSecond(nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND));
    CaptureId of = frame.capture();
    if (of != capture) {
      capture = of;
      captureStart = of.start();
    }
    packet.setHost(of.host());
    packet.setInterfaceName(of.interfaceName());
    packet.setCaptureStart(captureStart);
    packet.setMember(of.member());
    packet.setSequence(frame.sequence());
    packet.setLostBefore(frame.lostBefore());
    packet.setOriginalLength(frame.originalLength());
    packet.setLinkType(frame.linkType());
    packet.setPacketType(PACKET_TYPES[frame.packetType().ordinal()]);
    packet.setFlags(frame.flags());
    packet.setVlan(PacketFields.vlan(frame.vlanTag()));
    packet.setPayload(ByteBuffer.wrap(payload));
    return packet;
  }

  @Override
  public TypeInformation<Packet> getProducedType() {
    return TypeInformation.of(Packet.class);
  }
}
