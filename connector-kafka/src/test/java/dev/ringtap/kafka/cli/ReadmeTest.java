package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The pages' option tables are what the commands' own help says. After a change of options, run
 * this test with {@code -Dreadme.update=true}: it writes them anew.
 */
@Timeout(10)
class ReadmeTest {
  private static final Path PAGE = Path.of("README.md");
  private static final Path DOCKER = Path.of("..", "docker", "README.md");

  private static CommandSpec command(String name) {
    return Main.commandLine(Map.of()).getSubcommands().get(name).getCommandSpec();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dump", "flows", "broker", "check"})
  void tableIsTheCommandsOwn(String command) throws IOException {
    assertRegion(PAGE, "options of " + command, table(options(command(command))));
  }

  @Test
  void tablesOfCaptureAreThoseOfItsHelp() throws IOException {
    StringBuilder tables = new StringBuilder();
    OptionGroups.of(command("capture"))
        .forEach(
            (group, options) ->
                tables.append("\n").append(group).append(":\n\n").append(table(shown(options))));
    assertRegion(PAGE, "options of capture", tables + "\n");
  }

  @Test
  void variablesAreTheCommandsOwn() throws IOException {
    assertRegion(DOCKER, "variables of capture", variables(command("capture")));
  }

  private static void assertRegion(Path page, String name, String expected) throws IOException {
    String begin = "<!-- " + name + " -->\n";
    String end = "<!-- end -->";
    String text = Files.readString(page);
    int from = text.indexOf(begin);
    assertThat(from).as(page + " has the line " + begin).isNotNegative();
    int to = text.indexOf(end, from);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(
          page, text.substring(0, from + begin.length()) + expected + text.substring(to));
    } else {
      assertThat(text.substring(from + begin.length(), to)).isEqualTo(expected);
    }
  }

  private static List<OptionSpec> options(CommandSpec command) {
    return shown(command.options()).stream()
        .sorted(Comparator.comparingInt(OptionSpec::order))
        .toList();
  }

  private static List<OptionSpec> shown(List<OptionSpec> options) {
    return options.stream().filter(option -> !option.usageHelp() && !option.versionHelp()).toList();
  }

  private static String variables(CommandSpec command) {
    StringBuilder table = new StringBuilder("| variable | option |\n|---|---|\n");
    Stream.concat(options(command).stream(), command.positionalParameters().stream())
        .forEach(
            argument ->
                table
                    .append("| `")
                    .append(OptionDefaults.variable(argument))
                    .append("` | ")
                    .append(
                        argument instanceof OptionSpec option
                            ? "`" + String.join("`, `", option.names()) + "`"
                            : "the filter expression")
                    .append(" |\n"));
    return table.toString();
  }

  private static String table(List<OptionSpec> options) {
    StringBuilder table = new StringBuilder("| option | meaning |\n|---|---|\n");
    for (OptionSpec option : options) {
      String names = String.join("`, `", option.names());
      String value = option.type() == boolean.class ? "" : " " + option.paramLabel();
      String text =
          String.join(" ", Ansi.OFF.string(String.join(" ", option.description())).split("\\s+"));
      table.append("| `").append(names).append(value.replace("|", "\\|")).append("` | ");
      table.append(text.replace("|", "\\|")).append(" |\n");
    }
    return table.toString();
  }
}
