package dev.ringtap.kafka.bench;

import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketRecords;
import java.io.IOException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * Reads a topic from its beginning on, in a thread of its own, and counts. Thread-safe.
 *
 * <p>The thread is in the network namespace of the one that starts it.
 */
final class TopicFollower implements AutoCloseable {
  private static final int WAIT_MILLIS = 30_000;
  private static final int PAUSE_MILLIS = 10;

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final AtomicLong arrived = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final Thread thread = new Thread(this::follow, "follower");
  private volatile boolean closed;

  private TopicFollower(KafkaConsumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  static TopicFollower start(String address, String topic) {
    Properties settings = new Properties();
    settings.setProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, address);
    TopicFollower follower = new TopicFollower(TopicRecords.fromBeginning(settings, topic));
    follower.thread.start();
    return follower;
  }

  private void follow() {
    PacketRecords records = new PacketRecords();
    try (consumer) {
      while (!closed) {
        for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofMillis(100))) {
          for (Packet packet : records.read(each.value())) {
            arrived.incrementAndGet();
            dropped.addAndGet(packet.getLostBefore());
          }
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("the topic has a record that is none", e);
    }
  }

  /** Frames read so far. */
  long arrived() {
    return arrived.get();
  }

  /** Frames before them that the kernel dropped. */
  long dropped() {
    return dropped.get();
  }

  /** Waits until so many frames are read, and no more. */
  void await(long frames) throws IOException {
    for (int i = 0; i < WAIT_MILLIS / PAUSE_MILLIS && arrived() < frames; i++) {
      Program.sleepMillis(PAUSE_MILLIS);
    }
    if (arrived() != frames) {
      throw new IOException(arrived() + " frames came out of the topic, not " + frames);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
