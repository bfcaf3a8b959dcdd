package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.Flow;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Flow records of an agent: they account for every captured frame, whatever happens. {@code
 * -Dflows.runs=75} makes more of the random runs, and prints each.
 */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class FlowsIT {
  private static final int RUNS = Integer.getInteger("flows.runs", 20);
  private static final int LIVE_RUNS = Math.max(3, RUNS / 3);

  private static final int FRAMES = 3000;
  private static final long START = 1_700_000_000_000_000_000L;

  private static final byte[] REPEATED =
      Packets.ethernet(Packets.udp("10.0.0.1", 7, "10.0.0.2", 53, new byte[20]));

  @TempDir private static Path directory;

  private static EmbeddedBroker broker;
  private static Path file;
  private static final List<byte[]> FRAME_LIST = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
    file = directory.resolve("frames.pcapng");
    Random random = new Random(3);
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id =
          writer.addInterface(
              new CaptureId("node", "eth7", START / 1000, 0), LinkType.ETHERNET, 262_144);
      for (int i = 0; i < FRAMES; i++) {
        byte[] frame = i % 20 == 0 ? REPEATED : Packets.frame(random);
        FRAME_LIST.add(frame);
        MemorySegment bytes = MemorySegment.ofArray(frame);
        long nanos = START + i * 20_000_000L;
        long loss = i == 1500 ? 9 : 0;
        writer.write(id, nanos, frame.length, PacketType.HOST, 0, loss, bytes, 0, frame.length);
      }
    }
  }

  @AfterAll
  static void stop() throws IOException {
    if (broker != null) {
      broker.close();
    }
  }

  private static AgentConfig config(
      String topic, FlowLimits limits, boolean alone, long count, String... settings) {
    return new AgentConfig(
        new AgentConfig.Replay(file, null, null),
        new AgentConfig.KafkaTarget(
            topic,
            2,
            RecordKey.FLOW,
            1,
            AgentRuns.settings(broker, settings),
            false,
            null,
            new AgentConfig.FlowTarget(topic + "-flows", limits, alone, null)),
        count,
        null,
        Duration.ofSeconds(2));
  }

  private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
    return TopicRecords.all(AgentRuns.settings(broker), topic);
  }

  private static long frames(List<ConsumerRecord<byte[], byte[]>> flows) throws IOException {
    long frames = 0;
    for (ConsumerRecord<byte[], byte[]> each : flows) {
      Flow flow = Flow.getDecoder().decode(each.value());
      frames += flow.getPacketDeltaCount() + flow.getReversePacketDeltaCount();
    }
    return frames;
  }

  private static long framesWithoutIp() {
    PacketHeaders headers = new PacketHeaders();
    return FRAME_LIST.stream()
        .filter(
            each -> headers.parse(MemorySegment.ofArray(each), 0, each.length, 1).ipVersion() < 0)
        .count();
  }

  @Test
  void flowsBesidePacketsAccountForEveryFrame() throws Exception {
    Ledger ledger = AgentRuns.run(config("beside", FlowLimits.DEFAULT, false, 0));
    assertThat(ledger.balances()).as(ledger.summary()).isTrue();
    assertThat(ledger.acknowledged()).isEqualTo(FRAMES);
    assertThat(records("beside")).hasSize(FRAMES);
    List<ConsumerRecord<byte[], byte[]>> flows = records("beside-flows");
    assertThat(ledger.flows())
        .isEqualTo(new FlowLedger(flows.size(), frames(flows), framesWithoutIp(), 0, Map.of()));
    assertThat(ledger.flows().total()).isEqualTo(FRAMES);
    assertThat(ledger.summary())
        .contains(
            "captured 3000 = %d in %d flow records acknowledged + %d of no flow + 0 not delivered\n"
                .formatted(frames(flows), flows.size(), framesWithoutIp()));
    long lossy = 0;
    for (ConsumerRecord<byte[], byte[]> each : flows) {
      Flow flow = Flow.getDecoder().decode(each.value());
      assertThat(flow.getHost()).isEqualTo("node");
      assertThat(flow.getInterfaceName()).isEqualTo("eth7");
      assertThat(each.timestamp()).isEqualTo(flow.getFlowEndNanoseconds().toEpochMilli());
      lossy += flow.getCaptureLossWithin() > 0 ? 1 : 0;
      assertThat(flow.getCaptureLossWithin()).isIn(0L, 9L);
    }
    assertThat(lossy).isPositive();
  }

  @Test
  void keysAreThoseOfThePackets() throws Exception {
    AgentRuns.run(config("keys", FlowLimits.DEFAULT, true, 0));
    PacketHeaders headers = new PacketHeaders();
    List<ByteBuffer> keys =
        FRAME_LIST.stream()
            .map(each -> headers.parse(MemorySegment.ofArray(each), 0, each.length, 1))
            .map(each -> ByteBuffer.allocate(8).putLong(0, FlowKey.of(each)))
            .toList();
    assertThat(records("keys-flows"))
        .isNotEmpty()
        .allMatch(each -> keys.contains(ByteBuffer.wrap(each.key())));
  }

  @Test
  void flowsAloneWriteNoPackets() throws Exception {
    Ledger ledger = AgentRuns.run(config("alone", FlowLimits.DEFAULT, true, 0));
    assertThat(ledger.balances()).as(ledger.summary()).isTrue();
    assertThat(ledger.acknowledged()).isEqualTo(FRAMES);
    assertThat(frames(records("alone-flows")) + framesWithoutIp()).isEqualTo(FRAMES);
    try (Admin admin = Admin.create(AgentRuns.settings(broker))) {
      assertThat(admin.listTopics().names().get()).doesNotContain("alone");
    }
  }

  /** Tables of any size, time-outs, ends, and records that are refused. */
  @Test
  void theLedgerAddsUpInEveryRun() throws Exception {
    Random random = new Random(99);
    for (int run : IntStream.range(0, RUNS).toArray()) {
      FlowLimits limits =
          new FlowLimits(
              1 + random.nextInt(run % 2 == 0 ? 20 : 3000),
              Duration.ofMillis(1 + random.nextInt(30_000)),
              Duration.ofSeconds(31 + random.nextInt(60)));
      boolean alone = random.nextBoolean();
      boolean refused = random.nextInt(3) == 0;
      String[] settings =
          refused ? new String[] {"max.request.size", "230"} : new String[] {"linger.ms", "1"};
      long count = random.nextInt(3) == 0 ? 1 + random.nextInt(FRAMES) : 0;
      Ledger ledger = AgentRuns.run(config("run" + run, limits, alone, count, settings));
      String description = run + " " + limits + " " + count + "\n" + ledger.summary();
      assertThat(ledger.balances()).as(description).isTrue();
      assertThat(ledger.captured()).as(description).isEqualTo(count == 0 ? FRAMES : count);
      assertThat(ledger.flows().total()).as(description).isEqualTo(ledger.captured());
      assertThat(frames(records("run" + run + "-flows")))
          .as(description)
          .isEqualTo(ledger.flows().acknowledged());
      print(description);
      if (refused) {
        assertThat(ledger.flows().notDelivered()).as(description).isPositive();
      } else {
        assertThat(ledger.flows().notDelivered()).as(description).isZero();
      }
    }
  }

  private static AgentConfig live(
      PrivateNetwork network, EmbeddedBroker to, int workers, boolean alone) throws IOException {
    FlowLimits limits = new FlowLimits(2000, Duration.ofSeconds(1), Duration.ofSeconds(2));
    return new AgentConfig(
        AgentConfig.Live.on(
            network
                .capture(PrivateNetwork.RIGHT)
                .set(CaptureOption.RING_MIB, 2)
                .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 500)
                .build(),
            workers,
            false),
        new AgentConfig.KafkaTarget(
            "live" + workers,
            2,
            RecordKey.FLOW,
            1,
            AgentRuns.settings(to),
            false,
            null,
            new AgentConfig.FlowTarget("flows" + workers + alone, limits, alone, null)),
        0,
        null,
        Duration.ofSeconds(3));
  }

  private static void send(PrivateNetwork network, int frames) throws IOException {
    send(network, frames, 0);
  }

  /**
   * @param pauseNanos after each 500 frames
   */
  private static void send(PrivateNetwork network, int frames, int pauseNanos) throws IOException {
    Random random = new Random(frames);
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < frames; i++) {
        sender.send(Packets.padded(Packets.frame(random), 60));
        if (i % 500 == 499) {
          LockSupport.parkNanos(pauseNanos);
        }
      }
    }
  }

  private static void print(String description) {
    if (RUNS > 20) {
      System.out.println(description);
    }
  }

  /** Rates, rings and tables of any size, one or two workers, and a broker that restarts. */
  @Test
  void theLedgerAddsUpInEveryLiveRun() throws Exception {
    Requirements.privateNetwork();
    Random random = new Random(77);
    Path data = directory.resolve("restarted");
    EmbeddedBroker restarted = EmbeddedBroker.start(data, 0);
    int port = Integer.parseInt(restarted.bootstrapServers().replaceFirst(".*:", ""));
    try (PrivateNetwork network = PrivateNetwork.create()) {
      for (int run : IntStream.range(0, LIVE_RUNS).toArray()) {
        FlowLimits limits =
            new FlowLimits(
                1 + random.nextInt(random.nextBoolean() ? 20 : 5000),
                Duration.ofMillis(1 + random.nextInt(2000)),
                Duration.ofSeconds(3));
        int ringMib = 2 + random.nextInt(7);
        int workers = 1 + random.nextInt(2);
        int frames = 1000 + random.nextInt(40_000);
        int pauseNanos = random.nextInt(3) * 2_000_000;
        boolean alone = random.nextBoolean();
        boolean restarts = run % 2 == 0;
        AgentConfig config =
            new AgentConfig(
                AgentConfig.Live.on(
                    network
                        .capture(PrivateNetwork.RIGHT)
                        .set(CaptureOption.RING_MIB, ringMib)
                        .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 500)
                        .build(),
                    workers,
                    false),
                new AgentConfig.KafkaTarget(
                    "any" + run,
                    2,
                    RecordKey.FLOW,
                    1,
                    AgentRuns.settings(restarted),
                    false,
                    null,
                    new AgentConfig.FlowTarget("any-flows" + run, limits, alone, null)),
                0,
                null,
                Duration.ofSeconds(20));
        Ledger ledger;
        try (CaptureAgent agent = CaptureAgent.open(config)) {
          CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
          send(network, frames, pauseNanos);
          if (restarts) {
            restarted.close();
            send(network, 500);
            restarted = EmbeddedBroker.start(data, port);
            send(network, 500);
          }
          agent.stop();
          ledger = running.join();
          assertThat(agent.failure()).isNull();
        }
        String description =
            "%d %s, ring %d MiB, %d workers, %d frames, pause %d ns, alone %s, restarts %s%n%s"
                .formatted(
                    run,
                    limits,
                    ringMib,
                    workers,
                    frames,
                    pauseNanos,
                    alone,
                    restarts,
                    ledger.summary());
        print(description);
        assertThat(ledger.balances()).as(description).isTrue();
        assertThat(ledger.offered()).as(description).isEqualTo(frames + (restarts ? 1000 : 0));
        assertThat(ledger.flows().total()).as(description).isEqualTo(ledger.captured());
        assertThat(ledger.flows().notDelivered()).as(description).isZero();
        assertThat(frames(TopicRecords.all(AgentRuns.settings(restarted), "any-flows" + run)))
            .as(description)
            .isEqualTo(ledger.flows().acknowledged());
      }
    } finally {
      restarted.close();
    }
  }

  /** More frames than the ring has room for, and a pause in which flows end without a frame. */
  @Test
  void aLiveCaptureAccountsForEveryFrame() throws Exception {
    Requirements.privateNetwork();
    for (boolean alone : new boolean[] {false, true}) {
      try (PrivateNetwork network = PrivateNetwork.create();
          CaptureAgent agent = CaptureAgent.open(live(network, broker, 2, alone))) {
        CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
        send(network, 60_000);
        await(
            agent,
            counts -> counts.captured() > 0 && counts.captures().get(0).framesInFlows() == 0);
        send(network, 1000);
        agent.stop();
        Ledger ledger = running.join();
        assertThat(agent.failure()).isNull();
        assertThat(ledger.balances()).as(ledger.summary()).isTrue();
        assertThat(ledger.offered()).isEqualTo(61_000);
        assertThat(ledger.flows().notDelivered()).as(ledger.summary()).isZero();
        assertThat(frames(records("flows2" + alone))).isEqualTo(ledger.flows().acknowledged());
      }
    }
  }

  private static void await(CaptureAgent agent, Predicate<AgentCounts> condition)
      throws InterruptedException {
    while (!condition.test(agent.counts())) {
      Thread.sleep(50);
    }
  }

  @Test
  void tablesThatDoNotFitTheHeapAreAnErrorBeforeTheRun() {
    FlowLimits limits =
        new FlowLimits(FlowLimits.MAX_CAPACITY, Duration.ofSeconds(1), Duration.ofSeconds(1));
    assumeTrue(Runtime.getRuntime().maxMemory() < 2 * limits.memoryBytes());
    assertThatThrownBy(() -> CaptureAgent.open(config("heap", limits, true, 0)))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("16777216 flows for each of 1 workers take 6400 MiB")
        .hasMessageContaining("lower --flow-table");
  }

  /** The table stays when another producer takes over, and its flows go there. */
  @Test
  void openFlowsOutliveTheirProducer() throws Exception {
    Requirements.privateNetwork();
    FlowLimits limits = new FlowLimits(2000, Duration.ofSeconds(60), Duration.ofSeconds(60));
    AgentConfig.KafkaTarget target =
        new AgentConfig.KafkaTarget(
            "changed",
            2,
            RecordKey.FLOW,
            1,
            AgentRuns.settings(broker),
            false,
            null,
            new AgentConfig.FlowTarget("changed-flows", limits, false, null));
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent =
            CaptureAgent.open(
                new AgentConfig(
                    live(network, broker, 1, false).input(),
                    target,
                    0,
                    null,
                    Duration.ofSeconds(10)));
        FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      for (int i = 1; i <= 3; i++) {
        sender.send(REPEATED);
        int frames = i;
        await(agent, counts -> counts.captured() == frames && counts.inFlight() == 0);
        agent.change(AgentRuns.settings(broker, "linger.ms", Integer.toString(i)));
      }
      agent.stop();
      Ledger ledger = running.join();
      assertThat(agent.failure()).isNull();
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      assertThat(ledger.flows()).isEqualTo(new FlowLedger(1, 3, 0, 0, Map.of()));
    }
  }

  @Test
  void flowsThatNoBrokerTakesAreNotDelivered() throws Exception {
    Requirements.privateNetwork();
    EmbeddedBroker gone = EmbeddedBroker.start(directory.resolve("gone"), 0);
    try (PrivateNetwork network = PrivateNetwork.create();
        CaptureAgent agent = CaptureAgent.open(live(network, gone, 1, true))) {
      CompletableFuture<Ledger> running = CompletableFuture.supplyAsync(agent::run);
      send(network, 500);
      await(agent, counts -> counts.captured() > 0 && counts.inFlight() == 0);
      gone.close();
      send(network, 700);
      agent.stop();
      Ledger ledger = running.join();
      assertThat(ledger.balances()).as(ledger.summary()).isTrue();
      assertThat(ledger.captured()).isEqualTo(1200);
      assertThat(ledger.flows().acknowledged()).isPositive();
      assertThat(ledger.flows().notDeliveredByReason()).containsOnlyKeys("DrainTimeout");
      assertThat(ledger.isIncomplete()).isTrue();
    } finally {
      gone.close();
    }
  }
}
