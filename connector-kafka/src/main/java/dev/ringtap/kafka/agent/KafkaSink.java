package dev.ringtap.kafka.agent;

import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.PacketEncoder;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends each frame as a record of its own and counts what becomes of it. */
final class KafkaSink implements FrameSink {
  /**
   * Producer settings that differ from Kafka's defaults. Any of them can be set otherwise.
   *
   * <p>A broker that is away must not cost captured frames: records wait for as long as it takes,
   * the full buffer holds the pump, and the ring holds what comes. Batches of half a MiB and lz4
   * are worth two to four times the rate of small ones; the buffer has room for many of them.
   */
  static final Map<String, String> PRODUCER_DEFAULTS =
      Map.of(
          ProducerConfig.ACKS_CONFIG, "all",
          ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true",
          ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4",
          ProducerConfig.BATCH_SIZE_CONFIG, Integer.toString(512 << 10),
          ProducerConfig.LINGER_MS_CONFIG, "10",
          ProducerConfig.BUFFER_MEMORY_CONFIG, Integer.toString(64 << 20),
          ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(Long.MAX_VALUE),
          ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.toString(Integer.MAX_VALUE),
          ProducerConfig.CLIENT_ID_CONFIG, "ringtap");

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final RecordKey key;
  private final Supplier<PacketEncoder> encoders;
  private final Refusals refusals;
  private final LongAdder acknowledged = new LongAdder();

  /** One callback for all records: nothing is allocated for each. */
  private final Callback callback = this::completed;

  private volatile boolean abandoned;

  /**
   * @param encoders makes one encoder for each pump
   */
  KafkaSink(
      Producer<byte[], byte[]> producer,
      String topic,
      RecordKey key,
      Supplier<PacketEncoder> encoders,
      Refusals refusals) {
    this.producer = producer;
    this.topic = topic;
    this.key = key;
    this.encoders = encoders;
    this.refusals = refusals;
  }

  /**
   * A producer with these settings over the defaults.
   *
   * @throws KafkaException if a setting is wrong; the message names it
   */
  static Producer<byte[], byte[]> producer(Properties settings) {
    Properties all = new Properties();
    all.putAll(PRODUCER_DEFAULTS);
    all.putAll(settings);
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public Feed feed() {
    PacketEncoder encoder = encoders.get();
    PacketHeaders headers = new PacketHeaders();
    return frame ->
        send(frame.timestampNanos() / 1_000_000, key.of(frame, headers), encoder.encode(frame));
  }

  private void send(long timestampMillis, byte[] keyBytes, byte[] value) {
    try {
      producer.send(new ProducerRecord<>(topic, null, timestampMillis, keyBytes, value), callback);
    } catch (KafkaException | IllegalStateException e) {
      refuse(e);
    }
  }

  private void refuse(Exception failure) {
    if (abandoned) {
      refusals.add("DrainTimeout", 1, "Kafka had not acknowledged them when the time was over");
    } else {
      refusals.add(failure.getClass().getSimpleName(), 1, failure.getMessage());
    }
  }

  private void completed(RecordMetadata metadata, Exception failure) {
    if (failure == null) {
      acknowledged.increment();
    } else {
      refuse(failure);
    }
  }

  @Override
  public void finish() {
    producer.close();
  }

  @Override
  public long arrived() {
    return acknowledged.sum();
  }

  @Override
  public void abandon() {
    abandoned = true;
    // fails all records that wait, and with them a send that waits for room
    producer.close(Duration.ZERO);
  }
}
