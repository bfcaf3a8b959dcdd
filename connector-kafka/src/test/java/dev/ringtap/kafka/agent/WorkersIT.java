package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One and several workers, from the wire to the topic, at rates that they keep up with or not. */
@Timeout(90)
class WorkersIT {
  private static final int AS_FAST_AS_POSSIBLE = 0;
  private static final int FLOWS = 64;
  private static final int NUMBER_AT = 14 + 20 + 8;

  @TempDir static Path directory;

  private static EmbeddedBroker broker;

  @BeforeAll
  static void start() throws IOException {
    Requirements.privateNetwork();
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
  }

  @AfterAll
  static void stop() throws IOException {
    if (broker != null) {
      broker.close();
    }
  }

  private static Properties settings() {
    Properties settings = new Properties();
    settings.setProperty("bootstrap.servers", broker.bootstrapServers());
    return settings;
  }

  private static AgentConfig config(CaptureConfig.Builder capture, int workers, String topic) {
    return config(capture, workers, topic, 0);
  }

  private static AgentConfig config(
      CaptureConfig.Builder capture, int workers, String topic, long count) {
    return new AgentConfig(
        AgentConfig.Live.on(capture.build(), workers, false),
        new AgentConfig.KafkaTarget(topic, 4, RecordKey.FLOW, settings(), false),
        count,
        null,
        Duration.ofSeconds(60));
  }

  private static byte[] numbered(int number) {
    int flow = number % FLOWS;
    byte[] payload = ByteBuffer.allocate(400).putInt(number).array();
    return Packets.ethernet(
        Packets.udp("10.0.0." + (1 + flow), 1000 + flow, "10.0.1.1", 53, payload));
  }

  private static void send(PrivateNetwork network, int frames, int framesPerSecond)
      throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      long start = System.nanoTime();
      for (int i = 0; i < frames; i++) {
        while (framesPerSecond != AS_FAST_AS_POSSIBLE
            && System.nanoTime() - start < i * 1_000_000_000L / framesPerSecond) {
          Thread.onSpinWait();
        }
        sender.send(numbered(i));
      }
    }
  }

  private static List<Packet> read(String topic, long count) throws IOException {
    List<Packet> packets = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> each : TopicRecords.all(settings(), topic)) {
      packets.add(Packet.getDecoder().decode(each.value()));
    }
    assertThat(packets.size()).isEqualTo((int) count);
    return packets;
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "1, 100000", "1, 20000", "2, 0", "2, 100000", "2, 20000"})
  void everyFrameIsInTheTopicOrInTheLedger(int workers, int framesPerSecond) throws Exception {
    int frames = framesPerSecond == AS_FAST_AS_POSSIBLE ? 300_000 : framesPerSecond;
    String topic = "packets-" + workers + "-" + framesPerSecond;
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent =
            CaptureAgent.open(
                config(
                    network.capture(PrivateNetwork.RIGHT).set(CaptureOption.RING_MIB, 2),
                    workers,
                    topic))) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      send(network, frames, framesPerSecond);
      agent.stop();
      Ledger ledger = running.join();
      assertThat(agent.failure()).isNull();
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      assertThat(ledger.offered()).isEqualTo(frames);
      assertThat(ledger.notDelivered()).isZero();

      List<Packet> packets = read(topic, ledger.acknowledged());
      BitSet seen = new BitSet();
      Map<Integer, BitSet> sequences = new TreeMap<>();
      long lostBefore = 0;
      for (Packet packet : packets) {
        int number = packet.getPayload().getInt(NUMBER_AT);
        assertThat(seen.get(number)).as("frame %d came twice", number).isFalse();
        seen.set(number);
        sequences
            .computeIfAbsent(packet.getMember(), member -> new BitSet())
            .set((int) packet.getSequence());
        lostBefore += packet.getLostBefore();
      }
      assertThat(sequences).hasSize(workers);
      sequences.values().forEach(s -> assertThat(s.nextClearBit(0)).isEqualTo(s.cardinality()));
      assertThat(lostBefore + ledger.lostAfterLast()).isEqualTo(ledger.droppedByKernel());
    }
  }

  @Test
  void aCountIsMetExactlyByAllWorkersTogether() throws Exception {
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent =
            CaptureAgent.open(
                config(network.capture(PrivateNetwork.RIGHT), 3, "counted", 12_345))) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      send(network, 30_000, AS_FAST_AS_POSSIBLE);
      Ledger ledger = running.join();
      assertThat(ledger.captured()).isEqualTo(12_345);
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      assertThat(read("counted", 12_345)).hasSize(12_345);
    }
  }
}
