package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The page's tables are the connector's own. After a change of options, run this test with {@code
 * -Dreadme.update=true}: it writes them anew.
 */
@Timeout(10)
class ConnectPageTest {
  private static final Path PAGE = Path.of("CONNECT.md");
  private static final String END = "<!-- end -->";

  @Test
  void theTableHasAllOptions() throws IOException {
    StringBuilder table =
        new StringBuilder("| option | values | default | meaning |\n|---|---|---|---|\n");
    for (ConfigKey key : PacketSourceOptions.DEFINITION.configKeys().values()) {
      String values =
          key.validator == null
              ? ""
              : String.valueOf(key.validator)
                  .replaceAll("^\\[|]$", "")
                  .replace("non-empty string", "");
      boolean none =
          key.defaultValue == null
              || key.defaultValue == ConfigDef.NO_DEFAULT_VALUE
              || key.defaultValue instanceof List<?>;
      table.append("| `").append(key.name).append("` | ");
      table.append(values.isEmpty() && key.type == ConfigDef.Type.BOOLEAN ? "true, false" : values);
      table.append(" | ").append(none ? "" : key.defaultValue).append(" | ");
      table.append(key.documentation).append(" |\n");
    }
    compare("<!-- options -->\n", table.toString());
  }

  @Test
  void theTableHasAllMetrics() throws IOException {
    StringBuilder table = new StringBuilder("| attribute | meaning |\n|---|---|\n");
    for (TaskMetric metric : TaskMetric.values()) {
      table.append("| `").append(metric.id()).append("` | ");
      table.append(metric.description()).append(" |\n");
    }
    compare("<!-- metrics -->\n", table.toString());
  }

  private static void compare(String begin, String table) throws IOException {
    String page = Files.readString(PAGE);
    int from = page.indexOf(begin);
    assertThat(from).as(PAGE + " has the line " + begin).isNotNegative();
    int to = page.indexOf(END, from);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(
          PAGE, page.substring(0, from + begin.length()) + table + page.substring(to));
    } else {
      assertThat(page.substring(from + begin.length(), to)).isEqualTo(table);
    }
  }
}
