package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.flink.source.PacketMetric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The README's tables are what the code says. After a change of options, columns or metrics, run
 * this test with {@code -Dreadme.update=true}: it writes them anew.
 */
@Timeout(10)
class FlinkReadmeTest {
  private static final Path README = Path.of("README.md");

  private static void check(String name, String table) throws IOException {
    check(README, name, table);
  }

  private static void check(Path page, String name, String table) throws IOException {
    String begin = "<!-- " + name + " -->\n";
    String readme = Files.readString(page);
    int from = readme.indexOf(begin) + begin.length();
    assertThat(from).as(page + " has the line " + begin).isGreaterThanOrEqualTo(begin.length());
    int to = readme.indexOf("<!-- end -->", from);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(page, readme.substring(0, from) + table + readme.substring(to));
    } else {
      assertThat(readme.substring(from, to)).isEqualTo(table);
    }
  }

  private static String row(String... cells) {
    StringBuilder row = new StringBuilder("|");
    for (String cell : cells) {
      row.append(' ').append(cell.replace("|", "\\|")).append(" |");
    }
    return row.append('\n').toString();
  }

  @Test
  void columns() throws IOException {
    StringBuilder table = new StringBuilder("| column | type | meaning |\n|---|---|---|\n");
    for (PacketColumn column : PacketColumn.values()) {
      table.append(row("`" + column.columnName() + "`", column.typeName(), column.description()));
    }
    check("columns", table.toString());
  }

  @Test
  void flowColumns() throws IOException {
    StringBuilder table = new StringBuilder("| column | type | field |\n|---|---|---|\n");
    for (FlowColumn column : FlowColumn.values()) {
      table.append(
          row("`" + column.columnName() + "`", column.typeName(), "`" + column.field() + "`"));
    }
    check(Path.of("FLOWS.md"), "flow-columns", table.toString());
  }

  @Test
  void functions() throws IOException {
    StringBuilder table = new StringBuilder("| function | gives | meaning |\n|---|---|---|\n");
    for (PacketFunction each : PacketFunction.values()) {
      String call = each.functionName() + "(" + each.parameters() + ")";
      table.append(row("`" + call + "`", each.returns(), each.description()));
    }
    check("functions", table.toString());
  }

  @Test
  void metrics() throws IOException {
    StringBuilder table = new StringBuilder("| gauge | meaning |\n|---|---|\n");
    for (PacketMetric metric : PacketMetric.values()) {
      table.append(row("`" + metric.metricName() + "`", metric.description()));
    }
    check("metrics", table.toString());
  }

  @Test
  void options() throws IOException {
    StringBuilder table =
        new StringBuilder("| option | type | default | meaning |\n|---|---|---|---|\n");
    for (Map.Entry<CaptureOption<?>, ConfigOption<?>> each :
        PacketTableOptions.capture().entrySet()) {
      CaptureOption<?> option = each.getKey();
      String limits = option.limits().isEmpty() ? "" : ", " + option.limits();
      table.append(row(each.getValue(), option.unit() + limits));
    }
    for (ConfigOption<?> option : PacketTableOptions.OWN) {
      table.append(row(option, type(option)));
    }
    check("options", table.toString());
  }

  @Test
  void formatOptions() throws IOException {
    StringBuilder table =
        new StringBuilder("| option | type | default | meaning |\n|---|---|---|---|\n");
    for (ConfigOption<?> option : PacketFormatFactory.OPTIONS) {
      table.append(row(option, type(option)).replaceFirst("`", "`ringtap."));
    }
    check("format-options", table.toString());
  }

  private static String row(ConfigOption<?> option, String type) {
    String fallback =
        option.hasDefaultValue() && option.defaultValue() != null
            ? "`" + text(option.defaultValue()) + "`"
            : "";
    return row(
        "`" + option.key() + "`",
        type,
        fallback,
        new HtmlFormatter().format(option.description()).replaceAll("<[^>]*>", ""));
  }

  private static String text(Object value) {
    if (value instanceof Duration duration) {
      return TimeUtils.formatWithHighestUnit(duration);
    }
    return value instanceof MemorySize memorySize
        ? memorySize.toHumanReadableString()
        : value.toString();
  }

  private static String type(ConfigOption<?> option) {
    if (option == PacketTableOptions.PATH || option == PacketFormatFactory.SCHEMAS) {
      return "paths";
    }
    if (option == PacketTableOptions.DURATION
        || option == PacketTableOptions.DISCOVERY_INTERVAL
        || option == PacketTableOptions.HOST_TIMEOUT) {
      return "duration";
    }
    if (option == PacketTableOptions.SPLIT_SIZE) {
      return "size";
    }
    if (option == PacketTableOptions.FILTER) {
      return "expression";
    }
    if (option == PacketFormatFactory.REGISTRY) {
      return "URL";
    }
    if (option == PacketFormatFactory.SUBJECT) {
      return "name";
    }
    if (option == PacketFormatFactory.RECORDS) {
      return "packets|flows";
    }
    return option.hasDefaultValue() ? "true|false" : "number";
  }
}
