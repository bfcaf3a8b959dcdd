package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.Packet;
import dev.ringtap.testcontainers.NumberedFrames;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What is in a topic. */
public final class Topic {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private Topic() {}

  /**
   * All packets that are in it now, those of one partition in their order; of transactions those
   * that were committed.
   */
  public static List<Packet> packets(String bootstrapServers, String topic) throws IOException {
    List<Packet> packets = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // not the number of records: what ends a transaction has an offset too
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
        assertThat(System.nanoTime()).as("%s is not read to its end", topic).isLessThan(deadline);
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          packets.add(Packet.getDecoder().decode(record.value()));
        }
      }
    }
    return packets;
  }

  /** The decoded headers of a packet. */
  static PacketHeaders headers(Packet packet) {
    MemorySegment payload = MemorySegment.ofBuffer(packet.getPayload());
    return new PacketHeaders().parse(payload, 0, (int) payload.byteSize(), packet.getLinkType());
  }

  /** The numbers of {@link NumberedFrames} among packets, in the order of these. */
  static List<Integer> numbers(List<Packet> packets) {
    List<Integer> numbers = new ArrayList<>();
    for (Packet packet : packets) {
      PacketHeaders headers = headers(packet);
      if (headers.dstPort() == NumberedFrames.PORT) {
        byte[] text = new byte[headers.payloadLength()];
        packet.getPayload().duplicate().position(headers.payloadOffset()).get(text);
        numbers.add(Integer.valueOf(new String(text, StandardCharsets.US_ASCII).strip()));
      }
    }
    return numbers;
  }
}
