package dev.ringtap.kafka.bench;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Latencies;
import dev.ringtap.bench.LineChart;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Table;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How long it takes from the kernel's timestamp of a frame until a consumer has its record, as
 * percentiles, for each retire timeout and rate.
 */
final class LatencyBenchmark {
  private static final int[] FRAMES_PER_SECOND = {1, 1_000, 100_000};
  private static final int CHARTED_FRAMES_PER_SECOND = 1_000;
  private static final int WARMUP_FRAMES_PER_SECOND = 20_000;
  private static final int FRAME_BYTES = 200;

  private final int warmupMillis;
  private final int slowMillis;
  private final int fastMillis;
  private final List<String> options;
  private final List<byte[]> frames = Traffic.ofFrames(FRAME_BYTES, 1_000).frames();

  /**
   * @param slowMillis time at 1 frame/s
   * @param fastMillis time at each other rate
   * @param options of the agents, one after the other
   */
  LatencyBenchmark(int warmupMillis, int slowMillis, int fastMillis, List<String> options) {
    this.warmupMillis = warmupMillis;
    this.slowMillis = slowMillis;
    this.fastMillis = fastMillis;
    this.options = options;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    List<String> titles = new ArrayList<>(List.of("agent", "frames/s", "measured", "lost"));
    titles.addAll(Latencies.TITLES);
    Table table = new Table(titles.toArray(String[]::new));
    LineChart chart =
        new LineChart(
            String.format(
                Locale.ROOT,
                "From the kernel's timestamp to a consumer at %,d frames/s, ms",
                CHARTED_FRAMES_PER_SECOND),
            Latencies.TITLES);
    try (FramePacer wire = FramePacer.open(PrivateNetwork.LEFT, frames)) {
      for (String each : options) {
        measure(broker, wire, each, table, chart);
      }
    }
    page.write("latency", Machine.describe() + "\n\n" + table, chart);
  }

  private void measure(Broker broker, FramePacer wire, String option, Table table, LineChart chart)
      throws IOException {
    String topic = broker.newTopic();
    List<String> arguments = new ArrayList<>(List.of("capture", "-i", PrivateNetwork.RIGHT));
    arguments.addAll(List.of("-b", broker.address(), "-t", topic));
    arguments.addAll(List.of(option.split(" ")));
    try (Program agent = Program.ringtap(Core.MEASURED, "", arguments.toArray(String[]::new));
        ArrivalLog arrivals = ArrivalLog.of(broker, topic)) {
      agent.await("listening on");
      long sent = wire.send(WARMUP_FRAMES_PER_SECOND, warmupMillis);
      arrivals.await(sent);
      for (int framesPerSecond : FRAMES_PER_SECOND) {
        arrivals.clear();
        sent = wire.send(framesPerSecond, framesPerSecond == 1 ? slowMillis : fastMillis);
        long[] nanos = arrivals.await(sent);
        Latencies latencies = Latencies.ofNanos(nanos);
        List<Object> cells = new ArrayList<>();
        cells.add("`" + option + "`");
        cells.add(String.format(Locale.ROOT, "%,d", framesPerSecond));
        cells.add(String.format(Locale.ROOT, "%,d", nanos.length));
        cells.add(String.format(Locale.ROOT, "%,d", sent - nanos.length));
        cells.addAll(latencies.cells());
        table.row(cells.toArray());
        if (framesPerSecond == CHARTED_FRAMES_PER_SECOND) {
          chart.line(option, latencies.millis());
        }
      }
    }
  }
}
