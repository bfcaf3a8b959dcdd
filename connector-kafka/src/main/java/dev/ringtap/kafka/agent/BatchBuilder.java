package dev.ringtap.kafka.agent;

import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.PacketBatchEncoder;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** A record in the making, of many frames, again and again. For one thread. */
final class BatchBuilder {
  private final @Nullable Integer partition;
  private final byte @Nullable [] key;
  private final PacketBatchEncoder encoder;
  private long firstMillis;

  /**
   * @param partition where it goes, or null: Kafka goes by the key, or as it likes
   * @param key or null for none
   */
  BatchBuilder(@Nullable Integer partition, byte @Nullable [] key, PacketBatchEncoder encoder) {
    this.partition = partition;
    this.key = key;
    this.encoder = encoder;
  }

  int frames() {
    return encoder.frames();
  }

  boolean hasRoomFor(BlockEncoder items, int item, RecordLimits limits) {
    int frames = encoder.frames();
    return frames == 0
        || frames < limits.frames() && encoder.maxLengthWith(items, item) <= limits.bytes();
  }

  void add(BlockEncoder items, int item) {
    if (encoder.frames() == 0) {
      firstMillis = items.timestampNanos(item) / 1_000_000;
    }
    encoder.add(items, item);
  }

  /** The record, of its first frame's time; what is added then is the next one's. */
  ProducerRecord<byte[], byte[]> finish(String topic) {
    return new ProducerRecord<>(topic, partition, firstMillis, key, encoder.finish());
  }
}
