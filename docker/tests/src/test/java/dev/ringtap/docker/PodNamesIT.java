package dev.ringtap.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketType;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.TestApp;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.utility.MountableFile;

/** The SQL that names the pods of packets, on made-up ones. */
@Timeout(360)
@RequiresImages({"kafka", "flink"})
class PodNamesIT {
  private static final Instant START = Instant.parse("2026-01-15T09:00:00Z");
  private static final Duration LIMIT = Duration.ofSeconds(200);

  @Test
  void eachPacketHasThePodThatHadTheAddressThen() throws Exception {
    try (Network network = Network.newNetwork();
        KafkaBroker kafka = new KafkaBroker(network);
        GenericContainer<?> flink = flink(network)) {
      kafka.start();
      createTopics(kafka);
      try (KafkaProducer<String, byte[]> producer = producer(kafka)) {
        pod(producer, 0, "10.0.0.2", "{\"namespace\":\"shop\",\"pod\":\"db-0\"}");
        pod(producer, 0, "10.0.0.1", "{\"namespace\":\"shop\",\"pod\":\"web-1\"}");
        pod(producer, 10, "10.0.0.1", "{\"namespace\":\"tools\",\"pod\":\"cron-7\"}");
        packet(producer, 5, "10.0.0.1");
        packet(producer, 15, "10.0.0.1");
        packet(producer, 25, "10.0.0.3");
        // brings the packets' clock on
        packet(producer, 3600, "10.0.0.1");
      }
      flink.start();

      assertThat(rows(kafka, 3))
          .extracting(
              row -> row.get("timestamp").asText(),
              row -> row.get("node").asText(),
              row -> row.get("src_namespace").asText(null),
              row -> row.get("src_pod").asText(null),
              row -> row.get("dst_pod").asText(),
              row -> row.get("dst_port").asInt())
          .containsExactly(
              tuple("2026-01-15 09:00:05Z", "node1", "shop", "web-1", "db-0", 9),
              tuple("2026-01-15 09:00:15Z", "node1", "tools", "cron-7", "db-0", 9),
              tuple("2026-01-15 09:00:25Z", "node1", null, null, "db-0", 9));
    }
  }

  /** The job runs in the client's container. */
  private static GenericContainer<?> flink(Network network) {
    return new GenericContainer<>(TestApp.image("flink"))
        .withNetwork(network)
        .withCommand("sql", "-j", "/opt/flink/jobs.jar", "-f", "/data/pods.sql")
        .withEnv("FLINK_PROPERTIES", "execution.target: local\ntable.dml-sync: true")
        .withCopyFileToContainer(
            MountableFile.forHostPath(Manifests.DIRECTORY.resolve("pods.sql"), 0644),
            "/data/pods.sql");
  }

  private static void createTopics(KafkaBroker kafka) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.outside()))) {
      NewTopic pods = new NewTopic("pods", 1, (short) 1);
      admin
          .createTopics(
              List.of(
                  pods.configs(Map.of("cleanup.policy", "compact")),
                  new NewTopic("packets", 4, (short) 1),
                  new NewTopic("pod-packets", 1, (short) 1)))
          .all()
          .get();
    }
  }

  private static KafkaProducer<String, byte[]> producer(KafkaBroker kafka) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", kafka.outside()),
        new StringSerializer(),
        new ByteArraySerializer());
  }

  private static void pod(
      KafkaProducer<String, byte[]> producer, int second, String address, String value)
      throws Exception {
    producer
        .send(new ProducerRecord<>("pods", 0, millis(second), address, value.getBytes(UTF_8)))
        .get();
  }

  private static void packet(KafkaProducer<String, byte[]> producer, int second, String source)
      throws Exception {
    byte[] frame = Packets.ethernet(Packets.udp(source, 1234, "10.0.0.2", 9, new byte[8]));
    Packet packet =
        Packet.newBuilder()
            .setTimestamp(START.plusSeconds(second))
            .setHost("node1")
            .setInterfaceName("eth0")
            .setCaptureStart(START)
            .setMember(0)
            .setSequence(0)
            .setLostBefore(0)
            .setOriginalLength(frame.length)
            .setLinkType(1)
            .setPacketType(PacketType.HOST)
            .setFlags(0)
            .setPayload(ByteBuffer.wrap(frame))
            .build();
    ByteBuffer value = Packet.getEncoder().encode(packet);
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    producer.send(new ProducerRecord<>("packets", 0, millis(second), null, bytes)).get();
  }

  private static long millis(int second) {
    return START.plusSeconds(second).toEpochMilli();
  }

  /** What the job wrote, once it has so many rows. */
  private static List<JsonNode> rows(KafkaBroker kafka, int count) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", kafka.outside()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = List.of(new TopicPartition("pod-packets", 0));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long deadline = System.nanoTime() + LIMIT.toNanos();
      while (rows.size() < count) {
        assertThat(System.nanoTime()).as("rows in time: %s", rows).isLessThan(deadline);
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          rows.add(new ObjectMapper().readTree(record.value()));
        }
      }
    }
    return rows;
  }
}
