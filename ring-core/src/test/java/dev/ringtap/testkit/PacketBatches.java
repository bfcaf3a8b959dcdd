package dev.ringtap.testkit;

import dev.ringtap.record.BatchedPacket;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketBatch;
import java.util.ArrayList;
import java.util.List;

/** Makes Avro's own batches of packets. */
public final class PacketBatches {
  private PacketBatches() {}

  /** Packets of one capture as one batch. */
  public static PacketBatch of(List<Packet> packets) {
    List<BatchedPacket> batched = new ArrayList<>();
    for (Packet packet : packets) {
      batched.add(
          BatchedPacket.newBuilder()
              .setInterfaceName(packet.getInterfaceName())
              .setTimestamp(packet.getTimestamp())
              .setSequence(packet.getSequence())
              .setLostBefore(packet.getLostBefore())
              .setOriginalLength(packet.getOriginalLength())
              .setLinkType(packet.getLinkType())
              .setPacketType(packet.getPacketType())
              .setFlags(packet.getFlags())
              .setVlan(packet.getVlan())
              .setPayload(packet.getPayload())
              .build());
    }
    Packet first = packets.get(0);
    return new PacketBatch(first.getHost(), first.getCaptureStart(), first.getMember(), batched);
  }
}
