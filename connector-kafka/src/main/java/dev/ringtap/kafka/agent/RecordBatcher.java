package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.PacketBatchEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.jspecify.annotations.Nullable;

/**
 * Packs the frames of one pump into records of many. A record ends when it is full, and with the
 * block, so that no frame waits for others to come.
 *
 * <p>Frames of one key are in one record, or in records of one partition that follow one another:
 * their order is that of records of their own.
 */
final class RecordBatcher implements FrameSink.FrameWriter {
  /** A file may name any number of interfaces. */
  private static final int MAX_INTERFACES_KEPT = 256;

  private final String topic;
  private final RecordLimits limits;
  private final Supplier<PacketBatchEncoder> encoders;
  private final RecordSender sender;
  private final Choice choice;

  private final BlockEncoder items = BlockEncoder.batchItems();
  private final FlowKeys flowKeys = new FlowKeys();
  private final ByteBuffer flowKey = ByteBuffer.allocate(Long.BYTES);
  private final @Nullable BatchBuilder[] byPartition;
  private final Map<CaptureId, BatchBuilder> byInterface = new HashMap<>();

  /** All that there are, in the order of their first frames. */
  private final List<BatchBuilder> records = new ArrayList<>();

  private interface Choice {
    /** The record that an item goes into. */
    BatchBuilder of(int item);
  }

  /**
   * @param partitions of the topic
   * @param encoders makes one encoder for each record that is in the making at once
   */
  RecordBatcher(
      String topic,
      RecordKey key,
      int partitions,
      RecordLimits limits,
      Supplier<PacketBatchEncoder> encoders,
      RecordSender sender) {
    this.topic = topic;
    this.limits = limits;
    this.encoders = encoders;
    this.sender = sender;
    this.byPartition = new BatchBuilder[partitions];
    this.choice = choice(key);
  }

  private Choice choice(RecordKey key) {
    return switch (key) {
      case FLOW -> this::ofFlow;
      case INTERFACE -> this::ofInterface;
      default -> {
        BatchBuilder only = newRecord(null, null);
        yield item -> only;
      }
    };
  }

  /** Where Kafka's own partitioner sends a record whose key is the flow's. */
  private BatchBuilder ofFlow(int item) {
    flowKey.putLong(0, flowKeys.of(items, item));
    int partition = BuiltInPartitioner.partitionForKey(flowKey.array(), byPartition.length);
    BatchBuilder record = byPartition[partition];
    if (record == null) {
      record = newRecord(partition, null);
      byPartition[partition] = record;
    }
    return record;
  }

  private BatchBuilder ofInterface(int item) {
    CaptureId capture = items.capture(item);
    BatchBuilder record = byInterface.get(capture);
    if (record == null) {
      record = newRecord(null, RecordKey.ofInterface(capture));
      byInterface.put(capture, record);
    }
    return record;
  }

  private void send(BatchBuilder record) {
    int frames = record.frames();
    sender.send(record.finish(topic), frames);
  }

  private BatchBuilder newRecord(@Nullable Integer partition, byte @Nullable [] key) {
    BatchBuilder record = new BatchBuilder(partition, key, encoders.get());
    records.add(record);
    return record;
  }

  @Override
  public void accept(Block block) {
    int count;
    while ((count = items.encode(block)) > 0) {
      for (int i = 0; i < count; i++) {
        BatchBuilder record = choice.of(i);
        if (!record.hasRoomFor(items, i, limits)) {
          send(record);
        }
        record.add(items, i);
      }
    }
    for (BatchBuilder record : records) {
      if (record.frames() > 0) {
        send(record);
      }
    }
    if (byInterface.size() > MAX_INTERFACES_KEPT) {
      byInterface.clear();
      records.clear();
    }
  }
}
