package dev.ringtap.bench.live;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a frame of live traffic costs each reader: processor time by the operating system. A round
 * runs each reader once, as a process of its own, so that what disturbs the machine disturbs all of
 * them.
 */
public final class LiveBenchmark {
  private static final String USAGE =
      "usage: bench/run live [--rounds N] [--sizes BYTES,...] [--frames N]";
  private static final int ROUNDS = 5;
  private static final String FRAME_BYTES = "64,512,1500";
  private static final int LEAST_FRAME_BYTES = 60;
  private static final int MOST_FRAME_BYTES = 9000;
  private static final long FRAMES = 1_500_000;

  /** Figures of Java readers fall until some two million frames were read; compilers take time. */
  static final long WARM_UP_FRAMES = 2_500_000;

  /** What fits into the ring. */
  private static final long SLOW_READERS_FRAMES = 250_000;

  private final int rounds;
  private final List<Traffic> traffics;
  private final long frames;
  private final long warmUpFrames;

  LiveBenchmark(int rounds, List<Traffic> traffics, long frames, long warmUpFrames) {
    this.rounds = rounds;
    this.traffics = traffics;
    this.frames = frames;
    this.warmUpFrames = warmUpFrames;
  }

  /** Options are those of {@link #USAGE}. */
  public static void main(String[] arguments) throws IOException {
    String missing = Requirements.missing();
    if (missing != null) {
      System.err.println(missing);
      System.exit(1);
    }
    LiveBenchmark benchmark;
    try {
      benchmark = parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "; " + USAGE);
      System.exit(2);
      return;
    }
    benchmark.run(BenchPage.ofModule());
  }

  private static LiveBenchmark parse(String[] arguments) {
    int rounds = ROUNDS;
    List<Traffic> traffics = traffics(FRAME_BYTES);
    long frames = FRAMES;
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(arguments[i] + " without its value");
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--rounds" -> rounds = number(value, 1, 100);
        case "--sizes" -> traffics = traffics(value);
        case "--frames" -> frames = number(value, 1000, 100_000_000);
        default -> throw new IllegalArgumentException("unknown " + arguments[i]);
      }
    }
    return new LiveBenchmark(rounds, traffics, frames, WARM_UP_FRAMES);
  }

  /** Each length without and with a tag. */
  private static List<Traffic> traffics(String lengths) {
    List<Traffic> traffics = new ArrayList<>();
    for (String length : lengths.split(",")) {
      int bytes = number(length, LEAST_FRAME_BYTES, MOST_FRAME_BYTES);
      traffics.add(new Traffic(bytes, false));
      traffics.add(new Traffic(bytes, true));
    }
    return traffics;
  }

  private static int number(String text, int least, int most) {
    int number = Integer.parseInt(text);
    if (number < least || number > most) {
      throw new IllegalArgumentException(text + " is not between " + least + " and " + most);
    }
    return number;
  }

  /** Measures, and writes the page. */
  void run(BenchPage page) throws IOException {
    Programs programs = new Programs();
    EncoderCheck.run(programs);
    Results results = new Results();
    for (int round = 1; round <= rounds; round++) {
      for (Traffic traffic : traffics) {
        for (ReaderKind reader : ReaderKind.values()) {
          if (reader.reads(traffic)) {
            Result result = measure(programs, reader, traffic, round);
            results.add(result);
            System.out.printf(
                "round %d of %d, %s, %s: %s ns%n",
                round,
                rounds,
                traffic,
                reader.title(),
                Samples.number(result.readerNanosPerFrame()));
          }
        }
      }
    }
    String amount = String.format("%d rounds of %,d frames.", rounds, frames);
    String conditions = String.join(" ", Machine.describe(), Versions.describe(), amount);
    new Report(results, traffics).write(page, conditions);
  }

  /**
   * Starts a reader, and measures it once it has read some frames: a quarter of them of the other
   * kind.
   *
   * @throws IllegalStateException if frames read and frames dropped are not those offered
   */
  private Result measure(Programs programs, ReaderKind kind, Traffic traffic, int round)
      throws IOException {
    long measured = kind.isSlow() ? Math.min(frames, SLOW_READERS_FRAMES) : frames;
    // one in C has no compiler to wait for
    long warmUp = kind.isJava() ? warmUpFrames : measured / 10;
    try (Wire wire = new Wire(programs);
        ReaderProcess reader = ReaderProcess.start(wire, kind)) {
      wire.inject(traffic.other(), warmUp / 4);
      wire.inject(traffic, warmUp);
      long offeredBefore = wire.offered();
      Mark before = reader.settle(offeredBefore);
      long injectNanos = wire.inject(traffic, measured);
      long offered = wire.offered();
      Mark after = reader.settle(offered);
      Mark end = reader.end();
      if (end.frames() + end.dropped() != offered) {
        throw new IllegalStateException(
            String.format(
                "%s: %,d frames read and %,d dropped, but %,d offered",
                kind.title(), end.frames(), end.dropped(), offered));
      }
      return new Result(
          kind,
          traffic,
          round,
          offered - offeredBefore,
          after.frames() - before.frames(),
          injectNanos,
          after.readerNanos() - before.readerNanos(),
          after.processNanos() - before.processNanos());
    }
  }
}
