package dev.ringtap.kafka.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.Label;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The page's table has all metrics. After a change of them, run this test with {@code
 * -Dreadme.update=true}: it writes the table anew.
 */
@Timeout(10)
class MetricsPageTest {
  private static final Path PAGE = Path.of("MONITORING.md");

  @Test
  void theTableHasAllMetrics() throws IOException {
    Sample sample = new Sample(Counts.WELL.subject(), Counts.WELL.counts());
    StringBuilder table =
        new StringBuilder("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    for (AgentMetric metric : AgentMetric.values()) {
      String labels =
          metric.snapshot(sample).getDataPoints().get(0).getLabels().stream()
              .map(Label::getName)
              .collect(Collectors.joining("`, `", "`", "`"));
      table.append("| `").append(metric.metricName()).append("` | ");
      table.append(metric.type().name().toLowerCase(Locale.ROOT)).append(" | ");
      table.append(labels).append(" | ").append(metric.help()).append(" |\n");
    }
    String page = Files.readString(PAGE);
    String begin = "<!-- metrics -->\n";
    int from = page.indexOf(begin);
    assertThat(from).as(PAGE + " has the line " + begin).isNotNegative();
    int to = page.indexOf("<!-- end -->", from);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(
          PAGE, page.substring(0, from + begin.length()) + table + page.substring(to));
    } else {
      assertThat(page.substring(from + begin.length(), to)).isEqualTo(table.toString());
    }
  }
}
