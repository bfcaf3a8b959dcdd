package dev.ringtap.kafka.cli;

import dev.ringtap.record.BadValueException;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowRecords;
import dev.ringtap.record.Packet;
import dev.ringtap.record.SchemaLookup;
import dev.ringtap.registry.PacketDecoder;
import dev.ringtap.registry.RegistryException;
import dev.ringtap.registry.SchemaRegistry;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Packets or flow records of a topic, whichever it has. For one thread. */
final class FlowValues implements TopicReader.Values<SpecificRecord> {
  private final PacketDecoder packets;
  private final FlowRecords flows;
  private final Comparator<SpecificRecord> byTime =
      Comparator.comparing(this::time)
          .thenComparingLong(each -> each instanceof Packet packet ? packet.getSequence() : 0);

  /** What the last value was, which is tried first. */
  private boolean lastWasPacket;

  /**
   * @param registry where schemas are asked for, or null: all are taken to be those of this version
   */
  FlowValues(@Nullable SchemaRegistry registry) {
    packets = TopicArguments.packets(registry);
    flows = new FlowRecords(lookup(registry));
  }

  private static SchemaLookup lookup(@Nullable SchemaRegistry registry) {
    return id -> {
      try {
        return registry == null ? Flow.getClassSchema() : registry.schema(id);
      } catch (RegistryException e) {
        if (e.reason() == RegistryException.Reason.NO_SUCH_SCHEMA) {
          return null;
        }
        throw e;
      }
    };
  }

  @Override
  public List<? extends SpecificRecord> decode(byte[] value) throws IOException {
    List<? extends SpecificRecord> found = lastWasPacket ? packets.decode(value) : flow(value);
    if (!found.isEmpty()) {
      return found;
    }
    found = lastWasPacket ? flow(value) : packets.decode(value);
    lastWasPacket ^= !found.isEmpty();
    return found;
  }

  private List<Flow> flow(byte[] value) throws IOException {
    try {
      return List.of(flows.read(value));
    } catch (BadValueException e) {
      return List.of();
    }
  }

  @Override
  public Instant time(SpecificRecord element) {
    return element instanceof Packet packet
        ? packet.getTimestamp()
        : ((Flow) element).getFlowEndNanoseconds();
  }

  @Override
  public int compare(SpecificRecord first, SpecificRecord second) {
    return byTime.compare(first, second);
  }
}
