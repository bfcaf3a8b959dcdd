package dev.ringtap.kafka.cli;

import dev.ringtap.record.Packet;
import dev.ringtap.registry.PacketDecoder;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;

/**
 * Packets of a topic, in the order of their capture.
 *
 * @param decoder what makes packets of the values
 */
record PacketValues(PacketDecoder decoder) implements TopicReader.Values<Packet> {
  private static final Comparator<Packet> AS_CAPTURED =
      Comparator.comparing(Packet::getTimestamp).thenComparingLong(Packet::getSequence);

  @Override
  public List<Packet> decode(byte[] value) throws IOException {
    return decoder.decode(value);
  }

  @Override
  public Instant time(Packet packet) {
    return packet.getTimestamp();
  }

  @Override
  public int compare(Packet first, Packet second) {
    return AS_CAPTURED.compare(first, second);
  }
}
