package dev.ringtap.testcontainers.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page shows tests that run: those of ExamplesIT, and what KafkaExampleIT does. */
@Timeout(10)
class TestcontainersPageTest {
  private static final Path EXAMPLES =
      Path.of("src", "test", "java", "dev", "ringtap", "testcontainers", "example");
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theExamplesAreTestsThatRun() throws IOException {
    String examples = read(EXAMPLES.resolve("ExamplesIT.java"));
    String code = examples + read(EXAMPLES.resolve("KafkaExampleIT.java"));
    List<String> shown =
        JAVA_BLOCK
            .matcher(read(Path.of("README.md")))
            .results()
            .map(block -> block.group(1))
            .toList();
    assertThat(shown).hasSize(4).allSatisfy(block -> assertThat(code).contains(block));
    assertThat(examples.split("@Test\n")).as("all of them are shown").hasSize(1 + 3);
  }

  /** Without the indentation of its lines. */
  private static String read(Path file) throws IOException {
    return Files.readString(file).replaceAll("(?m)^ +", "");
  }
}
