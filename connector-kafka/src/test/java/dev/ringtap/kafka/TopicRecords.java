package dev.ringtap.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What is in a topic, for tests. */
public final class TopicRecords {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private TopicRecords() {}

  /** All that is in the topic now, by partition; those of one partition in their order. */
  public static List<ConsumerRecord<byte[], byte[]>> all(Properties settings, String topic) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer = fromBeginning(settings, topic)) {
      long count =
          consumer.endOffsets(consumer.assignment()).values().stream()
              .mapToLong(Long::longValue)
              .sum();
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (records.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
      assertThat(records.size()).isEqualTo((int) count);
    }
    return records;
  }

  /** A consumer that is to read the whole topic, from its first records on. */
  public static KafkaConsumer<byte[], byte[]> fromBeginning(Properties settings, String topic) {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    return consumer;
  }
}
