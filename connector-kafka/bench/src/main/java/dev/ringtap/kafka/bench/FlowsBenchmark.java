package dev.ringtap.kafka.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.bench.live.JavaReader;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Live flow records of many open flows: the CPU time of an agent that writes them alone, beside
 * that of a reader which looks at each header in the ring; and what they take on the broker, beside
 * the packets.
 */
final class FlowsBenchmark {
  private static final int FRAME_BYTES = 64;

  private final int rounds;
  private final int flows;
  private final int framesPerSecond;
  private final int warmupMillis;
  private final int windowMillis;
  private final byte[] frame = Traffic.ofFrames(FRAME_BYTES, 1).frames().get(0);

  FlowsBenchmark(int rounds, int flows, int framesPerSecond, int warmupMillis, int windowMillis) {
    this.rounds = rounds;
    this.flows = flows;
    this.framesPerSecond = framesPerSecond;
    this.warmupMillis = warmupMillis;
    this.windowMillis = windowMillis;
  }

  /**
   * An agent's run.
   *
   * @param rate frames per second that came in
   * @param cpuNanos of the process for each frame
   * @param storedBytes on the broker for each captured frame
   */
  private record AgentRun(double rate, double cpuNanos, double storedBytes, JsonNode ledger) {}

  void run(Broker broker, BenchPage page) throws IOException {
    double[] walk = new double[rounds];
    double[] flow = new double[rounds];
    double[] ratio = new double[rounds];
    double[] rate = new double[rounds];
    double[] packetBytes = new double[rounds];
    double[] flowBytes = new double[rounds];
    long dropped = 0;
    for (int i = 0; i < rounds; i++) {
      walk[i] = walkNanos();
      AgentRun ofFlows =
          agent(
              broker,
              framesPerSecond,
              "--no-packets",
              "--flow-table",
              Integer.toString(2 * flows),
              "--flows");
      AgentRun ofPackets = agent(broker, framesPerSecond / 4, "-t");
      flow[i] = ofFlows.cpuNanos();
      ratio[i] = flow[i] / walk[i];
      rate[i] = ofFlows.rate();
      flowBytes[i] = ofFlows.storedBytes();
      packetBytes[i] = ofPackets.storedBytes();
      dropped += ofFlows.ledger().get("droppedByKernel").asLong();
      System.out.printf("walk %.1f ns, flows %.1f ns, %s%n", walk[i], flow[i], ofFlows.ledger());
    }
    Table table = new Table("", rounds + " rounds");
    table.row("frames/s that came in", Samples.of(rate));
    table.row("frames that the kernel dropped, in all rounds", String.format("%,d", dropped));
    table.row("CPU ns per frame: header walk", Samples.of(walk));
    table.row("CPU ns per frame: agent, `--flows --no-packets`", Samples.of(flow));
    table.row("agent ÷ header walk", Samples.of(ratio));
    table.row("bytes on the broker per frame: packets", Samples.of(packetBytes));
    table.row("bytes on the broker per frame: flows", Samples.of(flowBytes));
    page.write("flows", Machine.describe() + "\n\n" + table);
  }

  private double walkNanos() throws IOException {
    try (Injector injector = new Injector(PrivateNetwork.RIGHT, frame, flows);
        Program reader =
            Program.java(Core.EITHER, JavaReader.class, "HEADER_WALK", PrivateNetwork.RIGHT)) {
      reader.await("ready");
      return measure(injector, reader, framesPerSecond).cpuNanos();
    }
  }

  /** A window's rate, and the CPU time of a frame. */
  private record Window(double rate, double cpuNanos) {}

  private Window measure(Injector injector, Program program, int rate) throws IOException {
    injector.inject(rate, warmupMillis);
    program.pin(Core.MEASURED);
    long before = nanos(program);
    double came = injector.inject(rate, windowMillis);
    double frames = (double) rate * windowMillis / 1000;
    return new Window(came, (nanos(program) - before) / frames);
  }

  private static long nanos(Program program) throws IOException {
    return program.cpuNanosByThread().values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Runs an agent.
   *
   * @param options the last of which wants the topic
   */
  private AgentRun agent(Broker broker, int rate, String... options) throws IOException {
    Path report = Files.createTempFile("ringtap-bench", ".json");
    List<String> words = new ArrayList<>(List.of("capture", "-i", PrivateNetwork.RIGHT));
    words.addAll(List.of("-b", broker.address(), "--report", report.toString()));
    words.addAll(Arrays.asList(options));
    words.add(broker.newTopic());
    try (Injector injector = new Injector(PrivateNetwork.RIGHT, frame, flows);
        Program agent = Program.ringtap(Core.EITHER, "", words.toArray(String[]::new))) {
      agent.await("listening");
      Window window = measure(injector, agent, rate);
      agent.terminate();
      agent.awaitEnd();
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      double bytes = (double) broker.bytes() / ledger.get("captured").asLong();
      return new AgentRun(window.rate(), window.cpuNanos(), bytes, ledger);
    } finally {
      Files.delete(report);
    }
  }
}
