package dev.ringtap.kafka.agent;

import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.PacketBatchEncoder;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends frames, each as a record of its own or packed, and counts what becomes of them. */
final class KafkaSink implements FrameSink {
  private static final long HEAP_BYTES = Runtime.getRuntime().maxMemory();

  /**
   * Producer settings that differ from Kafka's defaults. Any of them can be set otherwise.
   *
   * <p>A broker that is away must not cost captured frames: records wait for as long as it takes,
   * the full buffer holds the pump, and the ring holds what comes. Batches of half a MiB and lz4
   * are worth two to four times the rate of small ones; the buffer has room for many of them, and
   * leaves a small heap to others. Asked for metadata twice a minute, an idle broker that hangs
   * shows within a minute. Since Kafka 4 a client that reaches no broker forgets its topics to
   * start anew, and a send waits for them instead of filling the buffer: not so here.
   */
  static final Map<String, String> PRODUCER_DEFAULTS =
      Map.of(
          ProducerConfig.ACKS_CONFIG, "all",
          ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true",
          ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4",
          ProducerConfig.BATCH_SIZE_CONFIG, Integer.toString(512 << 10),
          ProducerConfig.LINGER_MS_CONFIG, "10",
          ProducerConfig.BUFFER_MEMORY_CONFIG, Long.toString(Math.min(64 << 20, HEAP_BYTES / 4)),
          ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(Long.MAX_VALUE),
          ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.toString(Integer.MAX_VALUE),
          ProducerConfig.METADATA_MAX_AGE_CONFIG, "30000",
          CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, "none");

  private final Producer<byte[], byte[]> producer;
  private final AgentConfig.KafkaTarget target;
  private final OptionalInt schemaId;
  private final RecordLimits limits;
  private final int partitions;

  /** When Kafka last acknowledged a record, to this producer or the one before it. */
  private final AtomicLong lastAcknowledgedMillis;

  /** The producer's own metrics by name; of a closed producer they are still there. */
  private final Map<String, Metric> metrics = new HashMap<>();

  /** A broker has answered within this time unless it hangs: metadata are asked for. */
  private final long answerMillis;

  /** Bytes that brokers have sent, and when that last changed. Guarded by metrics. */
  private double received;

  private long receivedNanos = System.nanoTime();

  private volatile boolean abandoned;

  private KafkaSink(
      Producer<byte[], byte[]> producer,
      AgentConfig.KafkaTarget target,
      OptionalInt schemaId,
      RecordLimits limits,
      int partitions,
      AtomicLong lastAcknowledgedMillis,
      long answerMillis) {
    this.producer = producer;
    this.target = target;
    this.schemaId = schemaId;
    this.limits = limits;
    this.partitions = partitions;
    this.lastAcknowledgedMillis = lastAcknowledgedMillis;
    this.answerMillis = answerMillis;
    producer
        .metrics()
        .forEach(
            (name, metric) -> {
              if (name.group().equals("producer-metrics")) {
                metrics.put(name.name(), metric);
              }
            });
  }

  /**
   * Starts a producer with the target's settings over the defaults. The topic is there.
   *
   * @param clientId of the producer unless the target sets one
   * @param schemaId the schema's number where values carry one
   * @param lastAcknowledgedMillis is set to the time of each acknowledgement
   * @throws AgentException if a setting is wrong; the message names it
   */
  static KafkaSink open(
      AgentConfig.KafkaTarget target,
      String clientId,
      OptionalInt schemaId,
      AtomicLong lastAcknowledgedMillis)
      throws AgentException {
    Properties all = new Properties();
    all.setProperty(ProducerConfig.CLIENT_ID_CONFIG, clientId);
    all.putAll(PRODUCER_DEFAULTS);
    all.putAll(target.producerSettings());
    Producer<byte[], byte[]> producer = null;
    try {
      requireHeap(all);
      producer = new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
      return new KafkaSink(
          producer,
          target,
          schemaId,
          RecordLimits.of(target.framesPerRecord(), all),
          producer.partitionsFor(target.topics().get(0)).size(),
          lastAcknowledgedMillis,
          number(all, ProducerConfig.METADATA_MAX_AGE_CONFIG)
              + number(all, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG));
    } catch (KafkaException e) {
      if (producer != null) {
        producer.close(Duration.ZERO);
      }
      throw AgentException.of("cannot start the Kafka producer", e);
    }
  }

  /** A buffer that does not fit fills while a broker is away; the producer does not survive it. */
  private static void requireHeap(Properties settings) throws AgentException {
    long buffer = number(settings, ProducerConfig.BUFFER_MEMORY_CONFIG);
    if (buffer > HEAP_BYTES / 2) {
      throw new AgentException(
          "buffer.memory is %d bytes, more than half of the heap of %d; lower it, or give the JVM a larger heap: RINGTAP_JAVA_OPTS=-Xmx%dm"
              .formatted(buffer, HEAP_BYTES, (buffer >> 20) * 2 + 1),
          null);
    }
  }

  /** A setting of the producer's, or its default. */
  private static long number(Properties settings, String name) {
    Object value =
        settings.getOrDefault(name, ProducerConfig.configDef().defaultValues().get(name));
    return (Long) ConfigDef.parseType(name, value, ConfigDef.Type.LONG);
  }

  @Override
  public FrameWriter writer(Delivery delivery) {
    // one for all records of one frame: nothing is allocated for each
    Callback ofOne = callback(1, delivery);
    return writer(
        target,
        schemaId,
        limits,
        partitions,
        (record, frames) ->
            send(record, frames == 1 ? ofOne : callback(frames, delivery), frames, delivery));
  }

  /**
   * Makes records of frames, one for each or packed.
   *
   * @param limits of packed records
   * @param partitions of the topic
   */
  static FrameWriter writer(
      AgentConfig.KafkaTarget target,
      OptionalInt schemaId,
      RecordLimits limits,
      int partitions,
      RecordSender sender) {
    if (target.framesPerRecord() > 1) {
      Supplier<PacketBatchEncoder> encoders =
          schemaId.isEmpty()
              ? PacketBatchEncoder::singleObject
              : () -> PacketBatchEncoder.registry(schemaId.getAsInt());
      return new RecordBatcher(target.topic(), target.key(), partitions, limits, encoders, sender);
    }
    BlockEncoder encoder =
        schemaId.isEmpty()
            ? BlockEncoder.singleObject()
            : BlockEncoder.registry(schemaId.getAsInt());
    RecordKey.OfRecords keys = target.key().ofRecords();
    return block -> {
      int records;
      while ((records = encoder.encode(block)) > 0) {
        for (int i = 0; i < records; i++) {
          byte[] key = keys.of(encoder, i);
          byte[] value = Arrays.copyOfRange(encoder.bytes(), encoder.start(i), encoder.end(i));
          long millis = encoder.timestampNanos(i) / 1_000_000;
          sender.send(new ProducerRecord<>(target.topic(), null, millis, key, value), 1);
        }
      }
    };
  }

  /** Sends a record that stands for this many frames. */
  void send(ProducerRecord<byte[], byte[]> record, int frames, Delivery delivery) {
    send(record, callback(frames, delivery), frames, delivery);
  }

  private void send(
      ProducerRecord<byte[], byte[]> record, Callback callback, int frames, Delivery delivery) {
    try {
      producer.send(record, callback);
    } catch (KafkaException | IllegalStateException e) {
      refuse(frames, e, delivery);
    }
  }

  private Callback callback(int frames, Delivery delivery) {
    return (metadata, failure) -> {
      if (failure == null) {
        acknowledged(frames, metadata, delivery);
      } else {
        refuse(frames, failure, delivery);
      }
    };
  }

  private void refuse(int frames, Exception failure, Delivery delivery) {
    if (abandoned) {
      delivery
          .failures()
          .add("DrainTimeout", frames, "Kafka had not acknowledged them when the time was over");
    } else {
      delivery
          .failures()
          .add(failure.getClass().getSimpleName(), frames, AgentException.message(failure));
    }
  }

  private void acknowledged(int frames, RecordMetadata metadata, Delivery delivery) {
    long now = System.currentTimeMillis();
    if (now != lastAcknowledgedMillis.get()) {
      lastAcknowledgedMillis.set(now);
    }
    delivery.acknowledged(frames, TimeUnit.MILLISECONDS.toNanos(now - metadata.timestamp()));
  }

  @Override
  public void flush() {
    producer.flush();
  }

  @Override
  public void finish() {
    producer.close();
  }

  /** Brokers that the producer sends to by now, as its metadata says. May wait for these. */
  Set<HostPort> brokers() {
    Set<HostPort> brokers = new LinkedHashSet<>();
    for (PartitionInfo partition : producer.partitionsFor(target.topics().get(0))) {
      if (partition.leader() != null) {
        brokers.add(HostPort.of(partition.leader()));
      }
      for (Node replica : partition.replicas()) {
        brokers.add(HostPort.of(replica));
      }
    }
    // a broker that is away has no name
    brokers.removeIf(broker -> broker.port() <= 0);
    return brokers;
  }

  /** Bytes that the producer has put on its connections. */
  long bytesSent() {
    return (long) metric("outgoing-byte-total");
  }

  /** One of the producer's own metrics. */
  private double metric(String name) {
    Metric metric = metrics.get(name);
    if (metric == null) {
      throw new IllegalStateException("Kafka's producer has no metric " + name);
    }
    return ((Number) metric.metricValue()).doubleValue();
  }

  AgentCounts.KafkaCounts counts() {
    double buffer = metric("buffer-total-bytes");
    return new AgentCounts.KafkaCounts(
        lastAcknowledgedMillis.get(),
        quietSeconds(),
        (int) metric("connection-count"),
        (long) buffer,
        (long) (buffer - metric("buffer-available-bytes")),
        metric("batch-size-avg"),
        metric("compression-rate-avg"));
  }

  private double quietSeconds() {
    synchronized (metrics) {
      double now = metric("incoming-byte-total");
      if (now != received) {
        received = now;
        receivedNanos = System.nanoTime();
      }
      long quietNanos = System.nanoTime() - receivedNanos;
      return quietNanos > TimeUnit.MILLISECONDS.toNanos(answerMillis) ? quietNanos / 1e9 : 0;
    }
  }

  @Override
  public void abandon() {
    abandoned = true;
    // fails all records that wait, and with them a send that waits for room
    producer.close(Duration.ZERO);
  }
}
