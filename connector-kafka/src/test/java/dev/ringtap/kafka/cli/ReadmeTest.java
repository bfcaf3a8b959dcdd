package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The README's option tables are what the commands' own help says. After a change of options, run
 * this test with {@code -Dreadme.update=true}: it writes them anew.
 */
@Timeout(10)
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @ParameterizedTest
  @ValueSource(strings = {"capture", "dump", "broker", "check"})
  void tableIsTheCommandsOwn(String command) throws IOException {
    String begin = "<!-- options of " + command + " -->\n";
    String end = "<!-- end -->";
    String readme = Files.readString(README);
    int from = readme.indexOf(begin);
    assertThat(from).as("README.md has the line " + begin).isNotNegative();
    int to = readme.indexOf(end, from);
    String table = table(Main.commandLine().getSubcommands().get(command).getCommandSpec());
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(
          README, readme.substring(0, from + begin.length()) + table + readme.substring(to));
    } else {
      assertThat(readme.substring(from + begin.length(), to)).isEqualTo(table);
    }
  }

  private static String table(CommandSpec command) {
    StringBuilder table = new StringBuilder("| option | meaning |\n|---|---|\n");
    List<OptionSpec> options = new ArrayList<>(command.options());
    options.sort(Comparator.comparingInt(OptionSpec::order));
    for (OptionSpec option : options) {
      if (option.usageHelp() || option.versionHelp()) {
        continue;
      }
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
