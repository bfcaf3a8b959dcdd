package dev.ringtap.bench.live;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import java.io.IOException;
import java.util.List;

/**
 * What readers lose when short frames come in faster than over a virtual wire: the kernel makes
 * them behind it.
 */
public final class FloodBenchmark {
  private static final int ROUNDS = 5;
  private static final int FRAMES = 3_000_000;
  private static final double MILLION = 1e6;

  private static final List<Traffic> TRAFFICS =
      List.of(new Traffic(64, false), new Traffic(64, true));

  private static final List<ReaderKind> READERS =
      List.of(
          ReaderKind.C_WALK,
          ReaderKind.HEADER_WALK,
          ReaderKind.LIBPCAP_COPY,
          ReaderKind.C_AVRO,
          ReaderKind.AVRO_BATCH,
          ReaderKind.AVRO_EACH);

  private final int rounds;
  private final int frames;
  private final long warmUpFrames;

  FloodBenchmark(int rounds, int frames, long warmUpFrames) {
    this.rounds = rounds;
    this.frames = frames;
    this.warmUpFrames = warmUpFrames;
  }

  /** Measures, and writes the page. */
  public static void main() throws IOException {
    String missing = Requirements.missing();
    if (missing != null) {
      System.err.println(missing);
      System.exit(1);
    }
    new FloodBenchmark(ROUNDS, FRAMES, LiveBenchmark.WARM_UP_FRAMES).run(BenchPage.ofModule());
  }

  void run(BenchPage page) throws IOException {
    Programs programs = new Programs();
    Results results = new Results();
    for (int round = 1; round <= rounds; round++) {
      for (Traffic traffic : TRAFFICS) {
        for (ReaderKind reader : READERS) {
          Result result = measure(programs, reader, traffic, round);
          results.add(result);
          System.out.printf(
              "round %d of %d, %s, %s: %,d dropped%n",
              round, rounds, traffic, reader.title(), result.dropped());
        }
      }
    }
    Table table =
        new Table("reader", "frames", "M frames/s", "offered", "dropped", "at ≥ 1 M frames/s");
    for (ReaderKind reader : READERS) {
      for (Traffic traffic : TRAFFICS) {
        row(table, reader, traffic, results.of(reader, traffic));
      }
    }
    page.write("flood", Machine.describe() + "\n\n" + table);
  }

  private Result measure(Programs programs, ReaderKind kind, Traffic traffic, int round)
      throws IOException {
    try (Wire wire = new Wire(programs, 0)) {
      return LiveBenchmark.measure(wire, kind, traffic, round, warmUpFrames, frames, wire::inject);
    }
  }

  private static void row(Table table, ReaderKind reader, Traffic traffic, List<Result> runs) {
    long offered = runs.stream().mapToLong(Result::offered).sum();
    long dropped = runs.stream().mapToLong(Result::dropped).sum();
    Samples rate = Samples.of(runs.stream().mapToDouble(run -> run.offeredPerSecond() / MILLION));
    String verdict = dropped > 0 ? "drops" : rate.median() < 1 ? "not shown" : "no drops";
    table.row(
        reader.title(),
        traffic,
        rate,
        String.format("%,d", offered),
        String.format("%,d", dropped),
        verdict);
  }
}
