package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.PacketBatchEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/**
 * Packs the frames of one pump into records of many. A record ends when it is full, and with the
 * block, so that no frame waits for others to come.
 *
 * <p>Frames of one key are in one record, or in records of one partition that follow one another:
 * their order is that of records of their own.
 */
final class PackingFeed implements FrameSink.Feed {
  /** A file may name any number of interfaces. */
  private static final int MAX_INTERFACES_KEPT = 256;

  private final RecordLimits limits;
  private final Supplier<PacketBatchEncoder> encoders;
  private final Consumer<PackedRecord> sender;
  private final Function<Frame, PackedRecord> choice;

  private final PacketHeaders headers = new PacketHeaders();
  private final ByteBuffer flowKey = ByteBuffer.allocate(Long.BYTES);
  private final PackedRecord[] byPartition;
  private final Map<CaptureId, PackedRecord> byInterface = new HashMap<>();

  /** All that there are, in the order of their first frames. */
  private final List<PackedRecord> records = new ArrayList<>();

  /**
   * @param partitions of the topic
   * @param encoders makes one encoder for each record that is in the making at once
   * @param sender sends a record that has frames, and so empties it
   */
  PackingFeed(
      RecordKey key,
      int partitions,
      RecordLimits limits,
      Supplier<PacketBatchEncoder> encoders,
      Consumer<PackedRecord> sender) {
    this.limits = limits;
    this.encoders = encoders;
    this.sender = sender;
    this.byPartition = new PackedRecord[partitions];
    this.choice = choice(key);
  }

  private Function<Frame, PackedRecord> choice(RecordKey key) {
    switch (key) {
      case FLOW:
        return this::ofFlow;
      case INTERFACE:
        return this::ofInterface;
      default:
        PackedRecord only = newRecord(null, null);
        return frame -> only;
    }
  }

  /** Where Kafka's own partitioner sends a record whose key is the flow's. */
  private PackedRecord ofFlow(Frame frame) {
    headers.parse(frame);
    flowKey.putLong(0, FlowKey.of(headers));
    int partition = BuiltInPartitioner.partitionForKey(flowKey.array(), byPartition.length);
    PackedRecord record = byPartition[partition];
    if (record == null) {
      record = newRecord(partition, null);
      byPartition[partition] = record;
    }
    return record;
  }

  private PackedRecord ofInterface(Frame frame) {
    CaptureId capture = frame.capture();
    PackedRecord record = byInterface.get(capture);
    if (record == null) {
      record = newRecord(null, RecordKey.ofInterface(capture));
      byInterface.put(capture, record);
    }
    return record;
  }

  private PackedRecord newRecord(Integer partition, byte[] key) {
    PackedRecord record = new PackedRecord(partition, key, encoders.get());
    records.add(record);
    return record;
  }

  @Override
  public void accept(Frame frame) {
    PackedRecord record = choice.apply(frame);
    if (!record.hasRoomFor(frame, limits)) {
      sender.accept(record);
    }
    record.add(frame);
  }

  @Override
  public void endBlock() {
    for (PackedRecord record : records) {
      if (record.frames() > 0) {
        sender.accept(record);
      }
    }
    if (byInterface.size() > MAX_INTERFACES_KEPT) {
      byInterface.clear();
      records.clear();
    }
  }
}
