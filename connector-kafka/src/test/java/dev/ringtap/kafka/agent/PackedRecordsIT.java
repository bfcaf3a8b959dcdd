package dev.ringtap.kafka.agent;

import static dev.ringtap.kafka.agent.AgentRuns.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.agent.AgentConfig.KafkaTarget;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketRecords;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Many frames in a record: each is in the topic once, where and in which order it was alone. */
@Timeout(60)
class PackedRecordsIT {
  private static final int FRAMES = 3000;
  private static final int FRAMES_ON_THE_WIRE = 20_000;
  private static final int FLOWS = 64;
  private static final int NUMBER_AT = 14 + 20 + 8;
  private static final long FIRST_NANOS = 1_700_000_000_000_000_000L;

  @TempDir static Path directory;

  private static EmbeddedBroker broker;
  private static Path file;
  private static List<byte[]> frames;

  /** Frames of two interfaces, the second one's few and far between. */
  @BeforeAll
  static void start() throws IOException {
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
    file = directory.resolve("frames.pcapng");
    frames = Packets.stream(9).limit(FRAMES).toList();
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      writer.addInterface(CaptureId.on("eth7"), LinkType.ETHERNET, 262_144);
      writer.addInterface(CaptureId.on("eth8"), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < FRAMES; i++) {
        byte[] frame = frames.get(i);
        MemorySegment bytes = MemorySegment.ofArray(frame);
        long nanos = FIRST_NANOS + i * 1_000_003L;
        int id = i % 100 == 99 ? 1 : 0;
        writer.write(id, nanos, frame.length, PacketType.HOST, 0, 0, bytes, 0, frame.length);
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

  private static AgentConfig replay(
      String topic, RecordKey key, int framesPerRecord, Properties settings) {
    return replay(topic, key, framesPerRecord, settings, 0);
  }

  private static AgentConfig replay(
      String topic, RecordKey key, int framesPerRecord, Properties settings, long count) {
    return new AgentConfig(
        new AgentConfig.Replay(file, null, null),
        new KafkaTarget(topic, 5, key, framesPerRecord, settings, false, null, null),
        count,
        null,
        Duration.ofSeconds(30));
  }

  private static List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    return TopicRecords.all(settings(), topic);
  }

  /** The frames of a replay by their sequence, each once, and the partition of each. */
  private static Map<Long, Integer> partitions(List<ConsumerRecord<byte[], byte[]>> records)
      throws IOException {
    PacketRecords reader = new PacketRecords();
    Map<Long, Integer> partitions = new HashMap<>();
    Map<String, Long> last = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      List<Packet> packets = reader.read(record.value());
      assertThat(record.timestamp()).isEqualTo(packets.get(0).getTimestamp().toEpochMilli());
      for (Packet packet : packets) {
        long sequence = packet.getSequence();
        assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(frames.get((int) sequence)));
        assertThat(partitions.put(sequence, record.partition())).as("twice").isNull();
        String way = record.partition() + packet.getInterfaceName();
        assertThat(last.getOrDefault(way, -1L)).as("order").isLessThan(sequence);
        last.put(way, sequence);
      }
    }
    assertThat(partitions).hasSize(FRAMES);
    return partitions;
  }

  @ParameterizedTest
  @EnumSource(RecordKey.class)
  void packedFramesLieWhereTheyDoAlone(RecordKey key) throws IOException {
    String alone = key + "-1";
    Ledger singles = run(replay(alone, key, 1, settings()));
    assertThat(singles.records()).isEqualTo(FRAMES);
    Map<Long, Integer> partitions = partitions(read(alone));
    for (int most : new int[] {7, KafkaTarget.ANY_NUMBER}) {
      String topic = key + "-" + most;
      Ledger ledger = run(replay(topic, key, most, settings()));
      assertThat(ledger.acknowledged()).isEqualTo(FRAMES);
      List<ConsumerRecord<byte[], byte[]>> records = read(topic);
      assertThat(ledger.records()).isEqualTo(records.size());
      assertThat(records.size()).isBetween(FRAMES / most, FRAMES * 2 / Math.min(most, 20));
      Map<Long, Integer> packed = partitions(records);
      if (key != RecordKey.NONE) {
        assertThat(packed).isEqualTo(partitions);
      }
      for (ConsumerRecord<byte[], byte[]> record : records) {
        List<Packet> packets = new PacketRecords().read(record.value());
        assertThat(packets).hasSizeLessThanOrEqualTo(most);
        if (key == RecordKey.INTERFACE) {
          String name = packets.get(0).getInterfaceName();
          assertThat(record.key()).isEqualTo(name.getBytes(StandardCharsets.UTF_8));
          assertThat(packets).allMatch(packet -> packet.getInterfaceName().equals(name));
        } else {
          assertThat(record.key()).isNull();
        }
      }
    }
  }

  @Test
  void recordsFitTheProducersBatchOrAreOfOneFrame() throws IOException {
    int most = 20_000;
    Properties settings = settings("batch.size", Integer.toString(most));
    run(replay("limited", RecordKey.NONE, KafkaTarget.ANY_NUMBER, settings));
    List<ConsumerRecord<byte[], byte[]>> records = read("limited");
    partitions(records);
    int larger = 0;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      if (record.value().length > most) {
        assertThat(new PacketRecords().read(record.value())).hasSize(1);
        larger++;
      }
    }
    assertThat(larger).isBetween(1, records.size() / 2);
  }

  @Test
  void refusedRecordsCountTheirFrames() throws Exception {
    try (Admin admin = Admin.create(settings())) {
      NewTopic small = new NewTopic("small", Optional.of(1), Optional.empty());
      admin.createTopics(List.of(small.configs(Map.of("max.message.bytes", "3000")))).all().get();
    }
    Properties settings = settings("compression.type", "none");
    int count = 400;
    Ledger ledger = run(replay("small", RecordKey.FLOW, 2, settings, count));
    assertThat(ledger.notDeliveredByReason()).containsOnlyKeys("RecordTooLargeException");
    List<ConsumerRecord<byte[], byte[]>> records = read("small");
    assertThat(ledger.records()).isEqualTo(records.size());
    long arrived = 0;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      arrived += new PacketRecords().read(record.value()).size();
    }
    assertThat(ledger.acknowledged()).isEqualTo(arrived).isGreaterThan(records.size());
    assertThat(ledger.notDelivered()).isEqualTo(count - arrived).isPositive();
  }

  private static byte[] numbered(int number) {
    int flow = number % FLOWS;
    byte[] payload = ByteBuffer.allocate(64).putInt(number).array();
    String host = "10.0.0." + (1 + flow);
    boolean there = number / FLOWS % 2 == 0;
    return Packets.ethernet(
        there
            ? Packets.udp(host, 1000 + flow, "10.0.1.1", 53, payload)
            : Packets.udp("10.0.1.1", 53, host, 1000 + flow, payload));
  }

  private AgentConfig config(PrivateNetwork network, int workers, String topic, int most)
      throws IOException {
    return new AgentConfig(
        AgentConfig.Live.on(network.capture(PrivateNetwork.RIGHT).build(), workers, false),
        new KafkaTarget(topic, 5, RecordKey.FLOW, most, settings(), false, null, null),
        FRAMES_ON_THE_WIRE - 5,
        directory.resolve(topic + ".pcapng"),
        Duration.ofSeconds(30));
  }

  @ParameterizedTest
  @CsvSource({"1, 2147483647", "2, 7", "2, 2147483647"})
  void conversationsStayInOrderOnOnePartition(int workers, int most) throws Exception {
    Requirements.privateNetwork();
    String topic = "live-" + workers + "-" + most;
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent = CaptureAgent.open(config(network, workers, topic, most))) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
        for (int i = 0; i < FRAMES_ON_THE_WIRE; i++) {
          sender.send(numbered(i));
        }
      }
      Ledger ledger = running.join();
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      assertThat(ledger.acknowledged()).isEqualTo(FRAMES_ON_THE_WIRE - 5);
      assertThat(ledger.writtenToFile()).isEqualTo(FRAMES_ON_THE_WIRE - 5);
    }
    Map<Integer, Integer> partitionOfFlow = new TreeMap<>();
    Map<Integer, Integer> lastOfFlow = new HashMap<>();
    Map<Integer, Long> framesOfMember = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record : read(topic)) {
      for (Packet packet : new PacketRecords().read(record.value())) {
        int number = packet.getPayload().getInt(NUMBER_AT);
        int flow = number % FLOWS;
        assertThat(packet.getPayload()).isEqualTo(ByteBuffer.wrap(numbered(number)));
        assertThat(partitionOfFlow.merge(flow, record.partition(), (before, now) -> before))
            .isEqualTo(record.partition());
        assertThat(lastOfFlow.getOrDefault(flow, -1)).isLessThan(number);
        lastOfFlow.put(flow, number);
        framesOfMember.merge(packet.getMember(), 1L, Long::sum);
      }
    }
    assertThat(partitionOfFlow).hasSize(FLOWS);
    assertThat(partitionOfFlow.values()).contains(0, 1, 2, 3, 4);
    assertThat(framesOfMember).hasSize(workers);
    assertThat(framesOfMember.values().stream().mapToLong(Long::longValue).sum())
        .isEqualTo(FRAMES_ON_THE_WIRE - 5);
  }
}
