package dev.ringtap.kafka.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The alerts by Prometheus' own tool, and the names in them and in the dashboard. */
@Timeout(60)
class AlertRulesTest {
  private static final Path DIRECTORY = Path.of("..", "docker", "observability");

  private static String promtool(String... arguments) throws IOException, InterruptedException {
    Requirements.programs("promtool");
    Process promtool =
        new ProcessBuilder(Stream.concat(Stream.of("promtool"), Arrays.stream(arguments)).toList())
            .directory(DIRECTORY.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(promtool.getInputStream().readAllBytes());
    assertThat(promtool.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void eachAlertFiresWhenItShould() throws Exception {
    assertThat(promtool("test", "rules", "rules-test.yaml")).contains("SUCCESS");
  }

  @Test
  void eachAlertIsTested() throws IOException {
    assertThat(names("rules-test.yaml", "alertname: (\\w+)\n +exp_alerts:"))
        .isEqualTo(names("rules.yaml", "alert: (\\w+)"));
  }

  @Test
  void prometheusTakesTheConfiguration() throws Exception {
    assertThat(promtool("check", "config", "prometheus.yml")).contains("rules found");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rules.yaml", "rules-test.yaml", "dashboard.json"})
  void theMetricsExist(String file) throws IOException {
    Set<String> known =
        Arrays.stream(AgentMetric.values())
            .map(AgentMetric::metricName)
            .collect(Collectors.toSet());
    Set<String> named = names(file, "(ringtap_\\w+?)(?:_bucket)?\\b");
    assertThat(named).isNotEmpty();
    assertThat(known).containsAll(named);
  }

  private static Set<String> names(String file, String pattern) throws IOException {
    return Pattern.compile(pattern)
        .matcher(Files.readString(DIRECTORY.resolve(file)))
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
