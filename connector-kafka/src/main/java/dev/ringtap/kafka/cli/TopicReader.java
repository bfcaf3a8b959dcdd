package dev.ringtap.kafka.cli;

import dev.ringtap.record.Packet;
import dev.ringtap.registry.PacketDecoder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.Queue;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic's packets, all partitions, outside any consumer group. For one thread, except
 * {@link #wakeUp}.
 */
final class TopicReader implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
  private static final Duration POLL_TIMEOUT = Duration.ofMillis(500);

  /** Packets that one poll brings at most. */
  private static final int MAX_PACKETS = 20_000;

  private static final Comparator<Packet> AS_CAPTURED =
      Comparator.comparing(Packet::getTimestamp).thenComparingLong(Packet::getSequence);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final PacketDecoder decoder;
  private final List<TopicPartition> partitions = new ArrayList<>();
  private final Map<TopicPartition, Long> end = new HashMap<>();

  /** Not decoded before their time has come: one record may hold thousands of packets. */
  private final Queue<ConsumerRecord<byte[], byte[]>> fetched =
      new PriorityQueue<>(Comparator.comparingLong(TopicReader::earliestMillis));

  private final Queue<Packet> decoded = new PriorityQueue<>(AS_CAPTURED);

  private long foreignRecords;
  private volatile boolean wokenUp;

  /**
   * @param settings Kafka consumer settings, {@code bootstrap.servers} among them
   * @param decoder what makes packets of the values
   * @throws IOException if no broker answers within 15 s, or there is no such topic
   */
  TopicReader(Properties settings, String topic, boolean fromBeginning, PacketDecoder decoder)
      throws IOException {
    this.decoder = decoder;
    Properties all = new Properties();
    all.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    all.setProperty(ConsumerConfig.CLIENT_ID_CONFIG, "ringtap-dump");
    all.putAll(settings);
    String servers = all.getProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
    try {
      consumer = new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    } catch (KafkaException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException("cannot read from Kafka at " + servers + ": " + cause.getMessage(), e);
    }
    try {
      List<PartitionInfo> infos = consumer.partitionsFor(topic, CONNECT_TIMEOUT);
      if (infos == null || infos.isEmpty()) {
        throw new IOException("no topic '" + topic + "' at " + servers);
      }
      infos.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
      consumer.assign(partitions);
      end.putAll(consumer.endOffsets(partitions, CONNECT_TIMEOUT));
      if (fromBeginning) {
        consumer.seekToBeginning(partitions);
      } else {
        end.forEach(consumer::seek);
      }
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      consumer.close();
      throw new IOException(
          "no Kafka broker answered at %s within %s s; check -b"
              .formatted(servers, CONNECT_TIMEOUT.toSeconds()),
          e);
    } catch (KafkaException e) {
      consumer.close();
      throw new IOException("topic '" + topic + "' at " + servers + ": " + e.getMessage(), e);
    } catch (IOException e) {
      consumer.close();
      throw e;
    }
  }

  /**
   * The next packets, in the order in which they were captured as far as one fetch has them.
   *
   * @throws IOException if a schema registry is needed and does not answer
   */
  List<Packet> poll() throws IOException {
    if (fetched.isEmpty() && decoded.isEmpty()) {
      fetch();
    }
    List<Packet> packets = new ArrayList<>();
    while (packets.size() < MAX_PACKETS && !(fetched.isEmpty() && decoded.isEmpty())) {
      if (isDecodedUpToNextRecord()) {
        packets.add(decoded.remove());
      } else {
        List<Packet> some = decoder.decode(fetched.remove().value());
        foreignRecords += some.isEmpty() ? 1 : 0;
        decoded.addAll(some);
      }
    }
    return packets;
  }

  private void fetch() {
    try {
      consumer.poll(POLL_TIMEOUT).forEach(fetched::add);
    } catch (WakeupException e) {
      // the caller looks at isWokenUp
    }
  }

  private boolean isDecodedUpToNextRecord() {
    return !decoded.isEmpty()
        && (fetched.isEmpty()
            || decoded.peek().getTimestamp().toEpochMilli() < earliestMillis(fetched.peek()));
  }

  /** A record's time is that of its first packet, but where the broker sets it. */
  private static long earliestMillis(ConsumerRecord<byte[], byte[]> record) {
    return record.timestampType() == TimestampType.CREATE_TIME
        ? record.timestamp()
        : Long.MIN_VALUE;
  }

  /** Whether all that was in the topic when this was opened has been read. */
  boolean isAtEnd() {
    return fetched.isEmpty()
        && decoded.isEmpty()
        && end.entrySet().stream()
            .allMatch(entry -> consumer.position(entry.getKey()) >= entry.getValue());
  }

  /** Records so far that were no packets. */
  long foreignRecords() {
    return foreignRecords;
  }

  /** Ends a running or the next {@link #poll}. Any thread. */
  void wakeUp() {
    wokenUp = true;
    consumer.wakeup();
  }

  boolean isWokenUp() {
    return wokenUp;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
