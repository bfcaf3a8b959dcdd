package dev.ringtap.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The library page shows the code that is compiled, and the options that there are. After a change
 * of options, run this test with {@code -Dreadme.update=true}: it writes the table anew.
 */
@Timeout(value = 10, unit = TimeUnit.SECONDS)
class LibraryPageTest {
  private static final Path PAGE = Path.of("README.md");
  private static final String BEGIN = "<!-- options -->\n";
  private static final String END = "<!-- end -->";

  @Test
  void theExamplesAreTheCodeThatCompiles() throws IOException {
    String page = Files.readString(PAGE);
    int from = 0;
    for (String example : new String[] {"PrintFrames", "CountFrames"}) {
      from = page.indexOf("```java\n", from) + "```java\n".length();
      String shown = page.substring(from, page.indexOf("```", from));
      String compiled =
          Files.readString(Path.of("src/test/java/dev/ringtap/example/" + example + ".java"));
      assertThat(compiled).contains(shown.indent(2));
    }
  }

  @Test
  void theTableHasAllOptions() throws IOException {
    String page = Files.readString(PAGE);
    int from = page.indexOf(BEGIN) + BEGIN.length();
    int to = page.indexOf(END, from);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(PAGE, page.substring(0, from) + table() + page.substring(to));
    } else {
      assertThat(page.substring(from, to)).isEqualTo(table());
    }
  }

  private static String table() {
    StringBuilder table =
        new StringBuilder("| option | values | default | meaning |\n|---|---|---|---|\n");
    for (CaptureOption<?> option : CaptureOption.ALL) {
      String values = option.limits().isEmpty() ? "" : option.limits() + " ";
      String ofDefault =
          option.defaultValue() == null ? "" : CaptureOption.textOf(option.defaultValue());
      table.append("| `").append(option.name()).append("` | ");
      table.append(values).append(option.unit().replace("|", ", ")).append(" | ");
      table.append(ofDefault).append(" | ").append(option.description()).append(" |\n");
    }
    return table.toString();
  }
}
