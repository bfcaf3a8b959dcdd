package dev.ringtap.bench.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.bench.BenchPage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The live benchmark still runs; its figures mean nothing here. */
@Timeout(120)
class LiveBenchmarkIT {
  private static final Traffic TRAFFIC = new Traffic(64, true);
  private static final String FIGURE = "[\\d.,]+ \\([\\d.,]+–[\\d.,]+\\)";

  @TempDir private Path directory;

  @Test
  void oneShortRoundWritesThePage() throws Exception {
    String missing = Requirements.missing();
    assumeTrue(missing == null, missing);
    Path file =
        Files.writeString(directory.resolve("README.md"), "<!-- bench live -->\n<!-- end -->\n");
    new LiveBenchmark(1, List.of(TRAFFIC), 10_000, 10_000).run(BenchPage.of(file));
    String page = Files.readString(file);
    for (ReaderKind reader : ReaderKind.values()) {
      assertThat(page).containsPattern("(?m)^\\| \\Q" + reader.title() + "\\E \\| " + FIGURE);
    }
    for (Goal goal : Goal.ALL) {
      assertThat(page)
          .containsPattern("(?m)^\\| \\Q" + goal.title() + "\\E \\| 64 B tagged \\|.*" + FIGURE);
    }
    assertThat(page).contains("drops at ≥ 1 M frames/s | 64 B tagged | 0 | 0 of 10,000 at ");
    assertThat(directory.resolve("live-64.svg")).isNotEmptyFile();
  }
}
