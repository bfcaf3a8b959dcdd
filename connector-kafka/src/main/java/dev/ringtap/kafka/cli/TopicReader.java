package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
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
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic's values, all partitions, outside any consumer group. For one thread, except {@link
 * #wakeUp}.
 *
 * @param <T> what one value holds one or many of
 */
final class TopicReader<T> implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
  private static final Duration POLL_TIMEOUT = Duration.ofMillis(500);
  private static final int MAX_EMPTY_FETCHES = 20;

  /** What one poll brings at most. */
  private static final int MAX_ELEMENTS = 20_000;

  /** What a topic has. */
  interface Values<T> extends Comparator<T> {
    /**
     * What a value holds; none if it is something else.
     *
     * @throws IOException if a schema registry is needed and does not answer
     */
    List<? extends T> decode(byte[] value) throws IOException;

    /** By which they are in order, as far as milliseconds tell it; no earlier than the record's. */
    Instant time(T element);
  }

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Values<T> values;
  private final List<TopicPartition> partitions = new ArrayList<>();
  private final Map<TopicPartition, Long> end = new HashMap<>();

  /** Records of each partition that were fetched. */
  private final Map<TopicPartition, Integer> waiting = new HashMap<>();

  /** Since one that brought something. */
  private int emptyFetches;

  /** Not decoded before their time has come: one record may hold thousands of packets. */
  private final Queue<ConsumerRecord<byte[], byte[]>> fetched =
      new PriorityQueue<>(Comparator.comparingLong(TopicReader::earliestMillis));

  private final Queue<T> decoded;

  private long foreignRecords;
  private volatile boolean wokenUp;

  /**
   * @param settings Kafka consumer settings, {@code bootstrap.servers} among them
   * @throws IOException if no broker answers within 15 s, or there is no such topic
   */
  TopicReader(Properties settings, String topic, boolean fromBeginning, Values<T> values)
      throws IOException {
    this.values = values;
    decoded = new PriorityQueue<>(values);
    Properties all = new Properties();
    all.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    all.setProperty(ConsumerConfig.CLIENT_ID_CONFIG, "ringtap-dump");
    all.putAll(settings);
    String servers = all.getProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
    try {
      consumer = new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    } catch (KafkaException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(
          "cannot read from Kafka at " + servers + ": " + AgentException.message(cause), e);
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
      throw new IOException(
          "topic '" + topic + "' at " + servers + ": " + AgentException.message(e), e);
    } catch (IOException e) {
      consumer.close();
      throw e;
    }
  }

  /**
   * What comes next, in the values' order: of all partitions up to where they ended when this was
   * opened; after that, as far as one fetch has them.
   *
   * @throws IOException if a schema registry is needed and does not answer
   */
  List<T> poll() throws IOException {
    if (fetched.isEmpty() && decoded.isEmpty() || lacksPartition()) {
      fetch();
    }
    List<T> elements = new ArrayList<>();
    while (elements.size() < MAX_ELEMENTS && !(fetched.isEmpty() && decoded.isEmpty())) {
      if (isDecodedUpToNextRecord()) {
        elements.add(decoded.remove());
      } else if (lacksPartition()) {
        break;
      } else {
        ConsumerRecord<byte[], byte[]> record = fetched.remove();
        waiting.merge(partition(record), -1, Integer::sum);
        List<? extends T> some = values.decode(record.value());
        foreignRecords += some.isEmpty() ? 1 : 0;
        decoded.addAll(some);
      }
    }
    return elements;
  }

  private static TopicPartition partition(ConsumerRecord<byte[], byte[]> record) {
    return new TopicPartition(record.topic(), record.partition());
  }

  /**
   * Whether a partition that has more has none here: its next record may be the earliest. One whose
   * broker is away is not waited for.
   */
  private boolean lacksPartition() {
    return partitions.stream().anyMatch(this::isLacking) && emptyFetches < MAX_EMPTY_FETCHES;
  }

  private boolean isLacking(TopicPartition each) {
    return waiting.getOrDefault(each, 0) == 0
        && consumer.position(each) < end.getOrDefault(each, 0L);
  }

  private void fetch() {
    try {
      consumer.resume(partitions);
      if (lacksPartition()) {
        // the others wait, so that they do not fill the memory
        consumer.pause(partitions.stream().filter(each -> !isLacking(each)).toList());
      }
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL_TIMEOUT);
      emptyFetches = records.isEmpty() ? emptyFetches + 1 : 0;
      for (ConsumerRecord<byte[], byte[]> each : records) {
        fetched.add(each);
        waiting.merge(partition(each), 1, Integer::sum);
      }
    } catch (WakeupException e) {
      // the caller looks at isWokenUp
    }
  }

  private boolean isDecodedUpToNextRecord() {
    return !decoded.isEmpty()
        && (fetched.isEmpty()
            ? !lacksPartition()
            : values.time(decoded.peek()).toEpochMilli() < earliestMillis(fetched.peek()));
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

  /** Records so far that were something else. */
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
