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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The highest rate that gets from a wire into a topic without loss, by bisection. A step is passed
 * when nothing was dropped or refused, and the process ends soon after the last frame: what a ring
 * can hold for a few seconds is no rate.
 */
final class LiveRateBenchmark {
  private static final int WARMUP_FRAMES_PER_SECOND = 20_000;
  private static final double BACKLOG_SECONDS = 0.75;

  /** A step that asks for more than the sender can do says nothing of the receiver. */
  private static final double SENDER_SLACK = 0.95;

  private static final Pattern PCAP4J_SUMMARY =
      Pattern.compile("captured (\\d+) dropped (\\d+) acknowledged (\\d+)");

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
      int warmupMillis, int stepMillis, int steps, int least, int most, List<Integer> frameBytes) {
    this.warmupMillis = warmupMillis;
    this.stepMillis = stepMillis;
    this.steps = steps;
    this.leastFramesPerSecond = least;
    this.mostFramesPerSecond = most;
    this.frameBytes = frameBytes;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    List<Contender> contenders = Contender.available(Contender::isLive);
    List<String> titles = new ArrayList<>(List.of("frames/s"));
    frameBytes.forEach(bytes -> titles.add(bytes + " B"));
    Table table = new Table(titles.toArray(String[]::new));
    BarChart chart = BarChart.linear("Highest rate without loss, thousand frames/s");
    for (Contender contender : contenders) {
      List<Object> cells = new ArrayList<>(List.of(contender.title()));
      for (int bytes : frameBytes) {
        Limit limit = search(broker, contender, bytes);
        cells.add(limit);
        chart.bar(
            bytes + " B",
            contender.title().replace("`", ""),
            Samples.of(limit.framesPerSecond() / 1000));
      }
      table.row(cells.toArray());
    }
    page.write("rate", Machine.describe() + "\n\n" + table, chart);
  }

  /** A rate, and whether it is the sender's limit. */
  private record Limit(double framesPerSecond, boolean ofSender) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s%,.0f", ofSender ? "≥ " : "", framesPerSecond);
    }
  }

  private Limit search(Broker broker, Contender contender, int bytes) throws IOException {
    Traffic traffic = Traffic.ofFrames(bytes, 1_000);
    double passed = 0;
    double least = leastFramesPerSecond;
    double most = mostFramesPerSecond;
    for (int step = 0; step < steps; step++) {
      double asked = Math.sqrt(least * most);
      Step result = step(broker, contender, traffic, (long) asked);
      System.out.printf(
          Locale.ROOT, "%s, %d B, %,.0f frames/s: %s%n", contender, bytes, asked, result);
      boolean senderFails = result.sent() < asked * SENDER_SLACK;
      if (result.passed()) {
        passed = Math.max(passed, result.sent());
        if (senderFails) {
          return new Limit(passed, true);
        }
        least = asked;
      } else {
        most = Math.min(asked, result.sent());
      }
    }
    return new Limit(passed, false);
  }

  /**
   * One step.
   *
   * @param sent frames per second that the sender managed
   * @param dropped frames that the kernel dropped
   * @param refused frames that did not get into the topic
   * @param backlogSeconds from the last frame to the process's end
   */
  private record Step(double sent, long dropped, long refused, double backlogSeconds) {
    boolean passed() {
      return dropped == 0 && refused == 0 && backlogSeconds < BACKLOG_SECONDS;
    }
  }

  private Step step(Broker broker, Contender contender, Traffic traffic, long framesPerSecond)
      throws IOException {
    String topic = broker.newTopic();
    Path report = Files.createTempFile("ringtap-bench", ".json");
    try (FramePacer wire = FramePacer.open(PrivateNetwork.LEFT, traffic.frames());
        Program program = contender.live(broker, topic, PrivateNetwork.RIGHT, report)) {
      program.await("listening");
      wire.send(WARMUP_FRAMES_PER_SECOND, warmupMillis);
      program.pin(Core.MEASURED);
      long sent = wire.send(framesPerSecond, stepMillis);
      long end = System.nanoTime();
      program.terminate();
      program.awaitEnd();
      double backlogSeconds = (System.nanoTime() - end) / 1e9;
      double rate = (double) sent / stepMillis * TimeUnit.SECONDS.toMillis(1);
      if (contender == Contender.PCAP4J) {
        Matcher summary = PCAP4J_SUMMARY.matcher(program.printed());
        if (!summary.find()) {
          throw new IOException("no summary:\n" + program.printed());
        }
        long captured = Long.parseLong(summary.group(1));
        long acknowledged = Long.parseLong(summary.group(3));
        return new Step(
            rate, Long.parseLong(summary.group(2)), captured - acknowledged, backlogSeconds);
      }
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      return new Step(
          rate,
          ledger.get("droppedByKernel").asLong(),
          ledger.get("refused").asLong(),
          backlogSeconds);
    } finally {
      Files.delete(report);
    }
  }
}
