package dev.ringtap.kafka.agent;

import static dev.ringtap.kafka.agent.AgentRuns.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent on a replayed file, against a broker with an authorizer. Needs no privilege. */
@Timeout(60)
class CaptureAgentIT {
  private static final int FRAMES = 2000;

  @TempDir static Path directory;

  private static EmbeddedBroker broker;
  private static Path file;
  private static List<byte[]> frames;

  @BeforeAll
  static void start() throws IOException {
    broker =
        EmbeddedBroker.start(
            directory.resolve("broker"),
            0,
            Map.of(
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found",
                "true"));
    file = directory.resolve("frames.pcapng");
    frames = Packets.stream(7).limit(FRAMES).toList();
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < FRAMES; i++) {
        byte[] frame = frames.get(i);
        long nanos = 1_700_000_000_000_000_000L + i * 1_000_003L;
        MemorySegment bytes = MemorySegment.ofArray(frame);
        writer.write(
            id, nanos, frame.length, PacketType.HOST, 0, i == 5 ? 9 : 0, bytes, 0, frame.length);
      }
    }
  }

  @AfterAll
  static void stop() throws IOException {
    if (broker != null) {
      broker.close();
    }
  }

  private static Properties settings(String... more) {
    return AgentRuns.settings(broker, more);
  }

  private static AgentConfig config(String topic, RecordKey key, long count, Properties settings) {
    return new AgentConfig(
        new AgentConfig.Replay(file, null, null),
        new AgentConfig.KafkaTarget(topic, 3, key, settings, false),
        count,
        null,
        Duration.ofSeconds(10));
  }

  private static List<ConsumerRecord<byte[], byte[]>> read(String topic, int count) {
    List<ConsumerRecord<byte[], byte[]>> records = TopicRecords.all(settings(), topic);
    assertThat(records).hasSize(count);
    return records;
  }

  @Test
  void replayedFramesArriveWithPacketTimeAndLoss() throws IOException {
    Ledger ledger = run(config("replayed", RecordKey.INTERFACE, 0, settings()));
    assertThat(ledger.captured()).isEqualTo(FRAMES);
    assertThat(ledger.acknowledged()).isEqualTo(FRAMES);
    assertThat(ledger.droppedByKernel()).isEqualTo(9);
    Set<Integer> partitions = new HashSet<>();
    int number = 0;
    for (ConsumerRecord<byte[], byte[]> record : read("replayed", FRAMES)) {
      partitions.add(record.partition());
      assertThat(record.key()).isEqualTo("eth7".getBytes(StandardCharsets.UTF_8));
      Packet packet = Packet.getDecoder().decode(record.value());
      assertThat(record.timestamp()).isEqualTo(packet.getTimestamp().toEpochMilli());
      assertThat(packet.getSequence()).isEqualTo(number);
      assertThat(packet.getLostBefore()).isEqualTo(number == 5 ? 9 : 0);
      assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(frames.get(number)));
      number++;
    }
    assertThat(partitions).as("one interface, one partition").hasSize(1);
  }

  @Test
  void flowKeyKeepsConversationsTogether() throws IOException {
    run(config("flows", RecordKey.FLOW, 0, settings()));
    Map<ByteBuffer, Integer> partitionOfKey = new HashMap<>();
    Set<Integer> partitions = new HashSet<>();
    for (ConsumerRecord<byte[], byte[]> record : read("flows", FRAMES)) {
      assertThat(record.key()).hasSize(8);
      partitions.add(record.partition());
      Integer before = partitionOfKey.put(ByteBuffer.wrap(record.key()), record.partition());
      assertThat(before == null || before == record.partition()).isTrue();
    }
    assertThat(partitions).hasSize(3);
    assertThat(partitionOfKey.size()).isGreaterThan(100);
  }

  @Test
  void countEndsTheRunAndCountsTheLossBeforeIt() throws IOException {
    Ledger ledger = run(config("counted", RecordKey.NONE, 10, settings()));
    assertThat(ledger.captured()).isEqualTo(10);
    assertThat(ledger.droppedByKernel()).isEqualTo(9);
    assertThat(ledger.offered()).isEqualTo(19);
    assertThat(read("counted", 10)).allMatch(record -> record.key() == null);
  }

  @Test
  void recordsLargerThanTheTopicsLimitAreRefusedByName() throws Exception {
    try (Admin admin = Admin.create(settings())) {
      NewTopic small = new NewTopic("small", Optional.of(1), Optional.empty());
      admin.createTopics(List.of(small.configs(Map.of("max.message.bytes", "2000")))).all().get();
    }
    Ledger ledger = run(config("small", RecordKey.NONE, 0, settings("compression.type", "none")));
    long large = frames.stream().filter(frame -> frame.length > 2000).count();
    assertThat(large).isPositive();
    assertThat(ledger.notDelivered()).isGreaterThanOrEqualTo(large);
    assertThat(ledger.notDeliveredByReason()).containsOnlyKeys("RecordTooLargeException");
    assertThat(ledger.acknowledged()).isEqualTo(FRAMES - ledger.notDelivered()).isPositive();
  }

  private static void rule(String topic, AclOperation operation, AclPermissionType permission)
      throws Exception {
    try (Admin admin = Admin.create(settings())) {
      AccessControlEntry entry =
          new AccessControlEntry("User:ANONYMOUS", "*", operation, permission);
      ResourcePattern pattern = new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL);
      admin.createAcls(List.of(new AclBinding(pattern, entry))).all().get();
    }
  }

  @Test
  void topicThatIsNotAuthorisedIsAClearErrorBeforeTheRun() throws Exception {
    rule("secret", AclOperation.ALL, AclPermissionType.DENY);
    assertThatThrownBy(() -> run(config("secret", RecordKey.NONE, 0, settings())))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("not authorised on " + broker.bootstrapServers())
        .hasMessageContaining("topic 'secret'")
        .hasMessageContaining("grant WRITE on it");
  }

  @Test
  void writeThatIsNotAuthorisedIsRefusedByName() throws Exception {
    run(config("readonly", RecordKey.NONE, 1, settings()));
    rule("readonly", AclOperation.READ, AclPermissionType.ALLOW);
    Ledger ledger = run(config("readonly", RecordKey.NONE, 0, settings()));
    assertThat(ledger.notDeliveredByReason())
        .isEqualTo(Map.of("TopicAuthorizationException", (long) FRAMES));
  }

  /** The frames' times are what a step of the clock shows in: forth, back, and too far forth. */
  @Test
  void framesOfAClockThatIsSteppedArriveInOrderOrAreRefusedByName() throws Exception {
    long hour = 3600;
    long now = Instant.now().getEpochSecond();
    long[] seconds = {now, now - 10 * hour, now - 9 * hour, now + 10 * hour, now + 1};
    Path stepped = directory.resolve("stepped.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(stepped)) {
      int id = writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144);
      for (long each : seconds) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[100]);
        writer.write(id, each * 1_000_000_000, 100, PacketType.HOST, 0, 0, bytes, 0, 100);
      }
    }
    try (Admin admin = Admin.create(settings())) {
      NewTopic strict = new NewTopic("strict", Optional.of(1), Optional.empty());
      // Kafka's own default
      strict.configs(Map.of("message.timestamp.after.max.ms", Long.toString(hour * 1000)));
      admin.createTopics(List.of(strict)).all().get();
    }
    AgentConfig.KafkaTarget target =
        new AgentConfig.KafkaTarget(
            "strict", 1, RecordKey.NONE, settings("batch.size", "0"), false);
    Ledger ledger =
        run(
            new AgentConfig(
                new AgentConfig.Replay(stepped, null, null),
                target,
                0,
                null,
                Duration.ofSeconds(10)));
    assertThat(ledger.notDeliveredByReason()).isEqualTo(Map.of("InvalidTimestampException", 1L));
    assertThat(read("strict", 4))
        .extracting(record -> record.timestamp() / 1000)
        .containsExactly(seconds[0], seconds[1], seconds[2], seconds[4]);
  }

  @Test
  void wrongSettingsAreNamed() {
    assertThatThrownBy(() -> run(config("any", RecordKey.NONE, 0, settings("acks", "most"))))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("acks");
    assertThatThrownBy(() -> run(config("a topic", RecordKey.NONE, 0, settings())))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("topic 'a topic' is not a valid name");
    Properties nowhere = settings("bootstrap.servers", "no.such.host.invalid:9092");
    assertThatThrownBy(() -> run(config("any", RecordKey.NONE, 0, nowhere)))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("cannot use Kafka at no.such.host.invalid:9092");
  }
}
