package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.FlowLedger;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Flow;
import dev.ringtap.record.Packet;
import dev.ringtap.registry.PacketDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import picocli.CommandLine.Command;

/**
 * {@code ringtap demo}: the whole way of a packet on a bare machine, in under a minute. Everything
 * happens in a network namespace and a temporary directory of its own, and goes with it.
 */
@Command(
    name = "demo",
    description = "Demonstrates the whole path: traffic, ring, Avro records, Kafka, Flink.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final String TOPIC = "packets";
  private static final String FLOWS = "flows";
  private static final int CALM_FRAMES = 100_000;
  private static final int CALM_FRAMES_PER_SECOND = 25_000;
  private static final int BURST_FRAMES = 400_000;
  private static final int SMALLEST_RING_MIB = CaptureOption.RING_MIB.check(2);
  private static final int NO_PAUSE = 0;
  private static final int SAMPLE_LINES = 6;
  private static final int LARGEST_FLOWS = 5;

  private final DemoFlinkJob flinkJob = DemoFlinkJob.ofProject();

  @Override
  public Integer call() throws IOException {
    Path directory = Files.createTempDirectory("ringtap-demo");
    Shutdown.onSignal(
        () -> {
          flinkJob.stop();
          // the network goes with the process
          delete(directory);
          Runtime.getRuntime().halt(ExitCode.FAILED);
        });
    try (EmbeddedBroker broker = startBroker(directory.resolve("broker"))) {
      String cause = PrivateNetwork.unavailabilityCause();
      return cause == null ? live(broker) : replay(broker, directory, cause);
    } finally {
      delete(directory);
    }
  }

  private static EmbeddedBroker startBroker(Path directory) throws IOException {
    say("Starting a Kafka broker inside this process ...");
    EmbeddedBroker broker = OwnBroker.start(directory, 0);
    say("  it listens on %s", broker.bootstrapServers());
    return broker;
  }

  private int live(EmbeddedBroker broker) throws IOException {
    boolean good = throughKafka(broker);
    if (flinkJob.isThere()) {
      say("");
      say("3. Straight from the ring into a Flink job, without Kafka: top talkers, every 5 s");
      good &= flinkJob.run();
    }
    return end(good);
  }

  private static boolean throughKafka(EmbeddedBroker broker) throws IOException {
    try (PrivateNetwork network = PrivateNetwork.create()) {
      say("");
      say("Creating a virtual wire in a private network namespace.");
      say(
          "1. Office traffic at %,d frames/s for %d s -> ring -> Avro -> topics '%s' and '%s'",
          CALM_FRAMES_PER_SECOND, CALM_FRAMES / CALM_FRAMES_PER_SECOND, TOPIC, FLOWS);
      CaptureConfig calm = network.capture(PrivateNetwork.RIGHT).build();
      Ledger first = capture(broker, TOPIC, network, calm, CALM_FRAMES, CALM_FRAMES_PER_SECOND);
      boolean good = readBack(broker, first);

      say("");
      say(
          "2. A burst of %,d frames into the smallest ring (%d MiB), which overflows:",
          BURST_FRAMES, SMALLEST_RING_MIB);
      CaptureConfig small =
          network
              .capture(PrivateNetwork.RIGHT)
              .set(CaptureOption.RING_MIB, SMALLEST_RING_MIB)
              .build();
      Ledger second = capture(broker, "burst", network, small, BURST_FRAMES, NO_PAUSE);
      say(
          "  %,d of %,d frames lost (%.1f %%), and each of them is counted:",
          second.droppedByKernel(),
          second.offered(),
          100.0 * second.droppedByKernel() / Math.max(1, second.offered()));
      printLedger(second);
      good &= second.offered() == BURST_FRAMES && second.balances() && second.notDelivered() == 0;
      return good;
    }
  }

  private static int replay(EmbeddedBroker broker, Path directory, String cause)
      throws IOException {
    say("");
    say("No live capture here: a network namespace needs root (%s).", cause);
    say("So the demo writes %,d frames to a capture file and replays that.", CALM_FRAMES);
    Path file = directory.resolve("office.pcapng");
    DemoTraffic traffic = new DemoTraffic();
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id =
          writer.addInterface(
              CaptureId.on("demo0"), LinkType.ETHERNET, CaptureOption.MAX_SNAP_LENGTH_BYTES);
      long nanos = System.currentTimeMillis() * 1_000_000L;
      for (int i = 0; i < CALM_FRAMES; i++) {
        byte[] frame = traffic.next();
        nanos += 1_000_000_000L / CALM_FRAMES_PER_SECOND;
        MemorySegment bytes = MemorySegment.ofArray(frame);
        writer.write(id, nanos, frame.length, PacketType.HOST, 0, 0, bytes, 0, frame.length);
      }
    }
    say("1. Capture file -> ring layout -> Avro -> topics '%s' and '%s'", TOPIC, FLOWS);
    try (CaptureAgent agent =
        CaptureAgent.open(config(broker, TOPIC, new AgentConfig.Replay(file, null, null)))) {
      return end(readBack(broker, agent.run()));
    }
  }

  /** Captures what is sent meanwhile, to the last frame. */
  private static Ledger capture(
      EmbeddedBroker broker,
      String topic,
      PrivateNetwork network,
      CaptureConfig capture,
      int frames,
      int framesPerSecond)
      throws IOException {
    try (CaptureAgent agent =
        CaptureAgent.open(config(broker, topic, AgentConfig.Live.on(capture)))) {
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(
              () -> {
                try {
                  send(network, frames, framesPerSecond);
                  agent.stop();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      Ledger ledger = ProgressLine.run(agent, true);
      sending.join();
      return ledger;
    }
  }

  private static AgentConfig config(EmbeddedBroker broker, String topic, AgentConfig.Input input) {
    AgentConfig.FlowTarget flows =
        topic.equals(TOPIC)
            ? new AgentConfig.FlowTarget(FLOWS, FlowLimits.DEFAULT, false, null)
            : null;
    return new AgentConfig(
        input,
        new AgentConfig.KafkaTarget(
            topic, 4, RecordKey.FLOW, 1, settings(broker), false, null, flows),
        0,
        null,
        Duration.ofSeconds(30));
  }

  private static Properties settings(EmbeddedBroker broker) {
    Properties settings = new Properties();
    settings.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
    return settings;
  }

  private static void send(PrivateNetwork network, int frames, int framesPerSecond)
      throws IOException {
    DemoTraffic traffic = new DemoTraffic();
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      long start = System.nanoTime();
      for (int i = 0; i < frames; i++) {
        if (framesPerSecond != NO_PAUSE) {
          long due = start + i * 1_000_000_000L / framesPerSecond;
          long early = due - System.nanoTime();
          if (early > 0) {
            LockSupport.parkNanos(early);
          }
        }
        sender.send(traffic.next());
      }
    }
  }

  private static boolean readBack(EmbeddedBroker broker, Ledger ledger) throws IOException {
    DemoTable table = new DemoTable();
    try (TopicReader<Packet> reader =
        new TopicReader<>(
            settings(broker),
            TOPIC,
            true,
            new PacketValues(new PacketDecoder(null, note -> say("%s", note))))) {
      say("");
      say("Read back from the topic, the first %d as `ringtap dump` shows them:", SAMPLE_LINES);
      while (!reader.isAtEnd()) {
        List<Packet> packets = reader.poll();
        for (Packet packet : packets) {
          if (table.frames() < SAMPLE_LINES) {
            System.out.println("  " + DumpCommand.line(packet));
          }
          table.add(packet);
        }
      }
    }
    say("");
    table.print(System.out);
    printLedger(ledger);
    say(
        "  read back %,d of %,d acknowledged, lost on the way to the ring: %,d",
        table.frames(), ledger.acknowledged(), table.lost());
    // frames lost after the last one are in the ledger alone
    return readFlowsBack(broker, ledger)
        && table.frames() == ledger.acknowledged()
        && table.lost() <= ledger.droppedByKernel()
        && ledger.balances()
        && ledger.notDelivered() == 0;
  }

  private static boolean readFlowsBack(EmbeddedBroker broker, Ledger ledger) throws IOException {
    LargestFlows largest = new LargestFlows(LargestFlows.Order.BYTES, LARGEST_FLOWS);
    long frames = 0;
    try (TopicReader<SpecificRecord> reader =
        new TopicReader<>(settings(broker), FLOWS, true, new FlowValues(null))) {
      while (!reader.isAtEnd()) {
        for (SpecificRecord each : reader.poll()) {
          Flow flow = (Flow) each;
          largest.add(flow);
          frames += LargestFlows.Order.PACKETS.of(flow);
        }
      }
    }
    FlowLedger flows = Objects.requireNonNull(ledger.flows(), "flow records are sent");
    say("");
    say(
        "The same frames as flow records, the %d largest of %,d as `ringtap flows` shows them:",
        LARGEST_FLOWS, flows.records());
    FlowText.table(largest.sorted()).forEach(line -> say("  %s", line));
    say(
        "  captured %,d = %,d in flow records + %,d of no flow",
        ledger.captured(), frames, flows.withoutFlow());
    return ledger.captured() == frames + flows.withoutFlow();
  }

  private static void printLedger(Ledger ledger) {
    say(
        "  offered %,d = %,d dropped by the kernel + %,d captured",
        ledger.offered(), ledger.droppedByKernel(), ledger.captured());
    say(
        "  captured %,d = %,d acknowledged by Kafka + %,d not delivered",
        ledger.captured(), ledger.acknowledged(), ledger.notDelivered());
  }

  private static int end(boolean good) {
    say("");
    if (!good) {
      say("The counts do NOT agree. Please report this output.");
      return ExitCode.FAILED;
    }
    say("Every frame is accounted for. Next: ringtap interfaces, then ringtap capture -i NAME.");
    return ExitCode.OK;
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(Locale.ROOT, format + "%n", arguments);
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      System.err.println("ringtap: could not delete " + directory + ": " + e.getMessage());
    }
  }
}
