package dev.ringtap.kafka.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.bench.BarChart;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The highest rate that gets from an interface into a topic without loss, by bisection. A step is
 * passed when nothing was dropped or not delivered, and the process ends soon after the last frame:
 * what a ring can hold for a few seconds is no rate.
 */
final class LiveRateBenchmark {
  private static final int WARMUP_FRAMES_PER_SECOND = 100_000;
  private static final double BACKLOG_SECONDS = 0.75;

  /** A step that asks for more than the sender can do says nothing of the receiver. */
  private static final double SENDER_SLACK = 0.95;

  private static final Pattern PCAP4J_SUMMARY =
      Pattern.compile("captured (\\d+) dropped (\\d+) acknowledged (\\d+)");

  private final int rounds;
  private final int warmupMillis;
  private final int stepMillis;
  private final int steps;
  private final int leastFramesPerSecond;
  private final int mostFramesPerSecond;
  private final List<Integer> frameBytes;

  /**
   * @param steps of the bisection, in which the span between least and most is halved, by ratio
   */
  LiveRateBenchmark(
      int rounds,
      int warmupMillis,
      int stepMillis,
      int steps,
      int least,
      int most,
      List<Integer> frameBytes) {
    this.rounds = rounds;
    this.warmupMillis = warmupMillis;
    this.stepMillis = stepMillis;
    this.steps = steps;
    this.leastFramesPerSecond = least;
    this.mostFramesPerSecond = most;
    this.frameBytes = frameBytes;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    List<Contender> contenders = Contender.available(Contender::isLive);
    List<String> columns = frameBytes.stream().map(bytes -> bytes + " B").toList();
    Table rates = table("frames/s", columns);
    Table cpu = table("CPU of the process at that rate, ns per frame", columns);
    BarChart chart = BarChart.linear("Highest rate without loss, thousand frames/s");
    Map<Contender, Map<Integer, List<Limit>>> found = search(broker, contenders);
    for (Contender contender : contenders) {
      List<Object> rateCells = new ArrayList<>(List.of(contender.title()));
      List<Object> cpuCells = new ArrayList<>(List.of(contender.title()));
      for (int bytes : frameBytes) {
        List<Limit> limits = found.get(contender).get(bytes);
        Samples rate = Samples.of(limits.stream().mapToDouble(Limit::framesPerSecond));
        boolean ofSender = limits.stream().anyMatch(Limit::ofSender);
        rateCells.add((ofSender ? "≥ " : "") + rate);
        cpuCells.add(Samples.of(limits.stream().mapToDouble(Limit::cpuNanos)));
        chart.bar(
            bytes + " B", contender.title().replace("`", ""), Samples.of(rate.median() / 1000));
      }
      rates.row(rateCells.toArray());
      cpu.row(cpuCells.toArray());
    }
    page.write("rate", Machine.describe() + "\n\n" + rates + "\n" + cpu, chart);
  }

  private static Table table(String title, List<String> columns) {
    return new Table(Stream.concat(Stream.of(title), columns.stream()).toArray(String[]::new));
  }

  private Map<Contender, Map<Integer, List<Limit>>> search(
      Broker broker, List<Contender> contenders) throws IOException {
    Map<Contender, Map<Integer, List<Limit>>> found = new EnumMap<>(Contender.class);
    for (int round = 0; round < rounds; round++) {
      for (int bytes : frameBytes) {
        for (Contender contender : contenders) {
          found
              .computeIfAbsent(contender, key -> new HashMap<>())
              .computeIfAbsent(bytes, key -> new ArrayList<>())
              .add(search(broker, contender, bytes));
        }
      }
    }
    return found;
  }

  /**
   * The highest rate that passed.
   *
   * @param cpuNanos of the contender for each frame
   * @param ofSender whether the injector could not do more
   */
  private record Limit(double framesPerSecond, double cpuNanos, boolean ofSender) {}

  private Limit search(Broker broker, Contender contender, int bytes) throws IOException {
    byte[] frame = Traffic.ofFrames(bytes, 1).frames().get(0);
    Limit highest = new Limit(0, 0, false);
    double least = leastFramesPerSecond;
    double most = mostFramesPerSecond;
    for (int step = 0; step < steps; step++) {
      double asked = Math.sqrt(least * most);
      Step result = step(broker, contender, frame, (long) asked);
      System.out.printf(
          Locale.ROOT, "%s, %d B, %,.0f frames/s: %s%n", contender, bytes, asked, result);
      if (result.passed()) {
        boolean senderFails = result.sent() < asked * SENDER_SLACK;
        if (result.sent() > highest.framesPerSecond()) {
          highest = new Limit(result.sent(), result.cpuNanos(), senderFails);
        }
        if (senderFails) {
          return highest;
        }
        least = asked;
      } else {
        most = Math.min(asked, result.sent());
      }
    }
    return highest;
  }

  /**
   * One step.
   *
   * @param sent frames per second that the sender managed
   * @param dropped frames that the kernel dropped
   * @param notDelivered frames that did not get into the topic
   * @param backlogSeconds from the last frame to the process's end
   * @param cpuNanos of the contender for each frame
   */
  private record Step(
      double sent, long dropped, long notDelivered, double backlogSeconds, double cpuNanos) {
    boolean passed() {
      return dropped == 0 && notDelivered == 0 && backlogSeconds < BACKLOG_SECONDS;
    }
  }

  private Step step(Broker broker, Contender contender, byte[] frame, long framesPerSecond)
      throws IOException {
    String topic = broker.newTopic();
    Path report = Files.createTempFile("ringtap-bench", ".json");
    try (Injector injector = new Injector(PrivateNetwork.RIGHT, frame, Traffic.FLOWS);
        Program program = contender.live(broker, topic, PrivateNetwork.RIGHT, report)) {
      program.await("listening");
      injector.inject(WARMUP_FRAMES_PER_SECOND, warmupMillis);
      program.pin(Core.MEASURED);
      long cpuBefore = program.cpuNanos();
      double rate = injector.inject(framesPerSecond, stepMillis);
      long end = System.nanoTime();
      double frames = (double) framesPerSecond * stepMillis / 1000;
      double cpuNanos = (program.cpuNanos() - cpuBefore) / frames;
      program.terminate();
      program.awaitEnd();
      double backlogSeconds = (System.nanoTime() - end) / 1e9;
      if (contender == Contender.PCAP4J) {
        Matcher summary = PCAP4J_SUMMARY.matcher(program.printed());
        if (!summary.find()) {
          throw new IOException("no summary:\n" + program.printed());
        }
        long captured = Long.parseLong(summary.group(1));
        long acknowledged = Long.parseLong(summary.group(3));
        return new Step(
            rate,
            Long.parseLong(summary.group(2)),
            captured - acknowledged,
            backlogSeconds,
            cpuNanos);
      }
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      return new Step(
          rate,
          ledger.get("droppedByKernel").asLong(),
          ledger.get("notDelivered").asLong(),
          backlogSeconds,
          cpuNanos);
    } finally {
      Files.delete(report);
    }
  }
}
