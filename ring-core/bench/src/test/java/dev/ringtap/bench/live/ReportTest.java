package dev.ringtap.bench.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.bench.BenchPage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the live benchmark makes of its results. */
@Timeout(10)
class ReportTest {
  private static final Traffic SHORT = new Traffic(64, false);
  private static final Traffic LONG = new Traffic(1500, false);
  private static final long FRAMES = 1000;

  @TempDir private Path directory;

  private final Results results = new Results();

  @Test
  void ratiosAreTakenWithinARoundAndHeldAgainstTheGoalOfTheirLength() throws Exception {
    // medians of the figures themselves would be 20 and 20
    for (int[] nanos : new int[][] {{10, 20}, {20, 10}, {40, 50}}) {
      int round = results.of(ReaderKind.AVRO_BATCH, SHORT).size() + 1;
      for (Traffic traffic : List.of(SHORT, LONG)) {
        add(ReaderKind.AVRO_BATCH, traffic, round, FRAMES, nanos[0], 1e6);
        add(ReaderKind.LIBPCAP_COPY, traffic, round, FRAMES, nanos[1], 1e6);
      }
    }
    assertThat(page(SHORT, LONG))
        .contains("| Avro batch ÷ libpcap and copy | 64 B | ≤ 0.850 | 0.800 (0.500–2.00) | met |")
        .contains("| Avro batch ÷ libpcap and copy | 1500 B | ≤ 0.800 | 0.800 (0.500–2.00) | met |")
        .contains("| copy, libpcap | 20.0 (10.0–50.0) | 20.0 (10.0–50.0) |")
        .contains("| count, libpcap | – | – |");
    add(ReaderKind.AVRO_BATCH, SHORT, 4, FRAMES, 90, 1e6);
    add(ReaderKind.LIBPCAP_COPY, SHORT, 4, FRAMES, 50, 1e6);
    assertThat(page(SHORT, LONG))
        .contains("| 64 B | ≤ 0.850 | 1.30 (0.500–2.00) | missed by 52.9 % |");
  }

  @Test
  void noDropsAreOfNoWorthAtALowRate() throws Exception {
    add(ReaderKind.HEADER_WALK, SHORT, 1, FRAMES, 10, 0.9e6);
    add(ReaderKind.AVRO_BATCH, SHORT, 1, FRAMES, 10, 1.1e6);
    assertThat(page(SHORT))
        .contains("| 0 of 1,000 at 0.900 (0.900–0.900) M/s | not shown: offered too slowly |")
        .contains("| 0 of 1,000 at 1.10 (1.10–1.10) M/s | met |");
    add(ReaderKind.AVRO_BATCH, SHORT, 2, FRAMES - 50, 10, 1.1e6);
    assertThat(page(SHORT))
        .contains("| 50 of 2,000 at 1.10 (1.10–1.10) M/s | missed |")
        .contains("| Avro batch, Ringtap | 1.10, 2.50 % |");
  }

  /** Each frame that was read took so many nanoseconds. */
  private void add(
      ReaderKind reader,
      Traffic traffic,
      int round,
      long captured,
      long nanosPerFrame,
      double framesPerSecond) {
    long sendNanos = Math.round(FRAMES * 1e9 / framesPerSecond);
    long nanos = captured * nanosPerFrame;
    results.add(new Result(reader, traffic, round, FRAMES, captured, sendNanos, nanos, nanos));
  }

  private String page(Traffic... traffics) throws Exception {
    Path file = directory.resolve("README.md");
    Files.writeString(file, "<!-- bench live -->\n<!-- end -->\n");
    new Report(results, List.of(traffics)).write(BenchPage.of(file), "here");
    return Files.readString(file);
  }
}
