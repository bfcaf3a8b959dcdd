package dev.ringtap.kafka.bench;

import dev.ringtap.kafka.TopicRecords;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * A consumer in a loop, with Kafka's default settings: for each record, how long after the kernel's
 * timestamp it came. In the network namespace of the thread that makes it; thread-safe.
 */
final class ArrivalLog implements AutoCloseable {
  /** Magic and fingerprint of Avro's single-object encoding; the timestamp is the first field. */
  private static final int TIMESTAMP_AT = 10;

  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Thread thread;
  private final Object lock = new Object();
  private long[] nanos = new long[1 << 20];
  private int count;
  private volatile boolean closed;
  private BinaryDecoder decoder;

  private ArrivalLog(KafkaConsumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
    this.thread = new Thread(this::poll, "arrivals");
  }

  static ArrivalLog of(Broker broker, String topic) {
    Properties settings = new Properties();
    settings.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, broker.address());
    ArrivalLog log = new ArrivalLog(TopicRecords.fromBeginning(settings, topic));
    log.thread.start();
    return log;
  }

  private void poll() {
    while (!closed) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
        arrived(record.value());
      }
    }
    consumer.close();
  }

  private void arrived(byte[] value) {
    decoder =
        DecoderFactory.get()
            .binaryDecoder(value, TIMESTAMP_AT, value.length - TIMESTAMP_AT, decoder);
    long sentNanos;
    try {
      sentNanos = decoder.readLong();
    } catch (IOException e) {
      throw new IllegalStateException("a record without a timestamp", e);
    }
    long late = Clock.nowNanos() - sentNanos;
    synchronized (lock) {
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      nanos[count++] = late;
    }
  }

  /** Forgets what came. */
  void clear() {
    synchronized (lock) {
      count = 0;
    }
  }

  /**
   * Waits for this many records since the last {@link #clear}, or until no more come: the ring
   * drops what it has no room for.
   *
   * @return their delays in nanoseconds, sorted
   * @throws IOException if none has come
   */
  long[] await(long wanted) throws IOException {
    int seen = -1;
    long deadline = 0;
    while (true) {
      synchronized (lock) {
        boolean over = count == seen && System.nanoTime() > deadline;
        if (over && count == 0) {
          throw new IOException("no record has come");
        }
        if (over || count >= wanted) {
          long[] sorted = Arrays.copyOf(nanos, count);
          Arrays.sort(sorted);
          return sorted;
        }
        if (count != seen) {
          seen = count;
          deadline = System.nanoTime() + SILENCE_NANOS;
        }
      }
      Program.sleepMillis(20);
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
