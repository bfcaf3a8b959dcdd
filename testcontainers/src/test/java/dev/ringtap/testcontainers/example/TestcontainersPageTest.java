package dev.ringtap.testcontainers.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page shows tests that run: ExamplesIT's, and the body of KafkaExampleIT's. */
@Timeout(10)
class TestcontainersPageTest {
  private static final Path EXAMPLES =
      Path.of("src", "test", "java", "dev", "ringtap", "testcontainers", "example");
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theExamplesAreTestsThatRun() throws IOException {
    List<String> shown =
        JAVA_BLOCK
            .matcher(Files.readString(Path.of("README.md")))
            .results()
            .map(block -> block.group(1))
            .toList();
    String code;
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      code =
          files
              .filter(file -> file.toString().endsWith("IT.java"))
              .map(TestcontainersPageTest::read)
              .collect(Collectors.joining());
    }
    assertThat(shown).hasSize(4);
    assertThat(shown).allSatisfy(block -> assertThat(code).contains(block.indent(2)));
    assertThat(read(EXAMPLES.resolve("ExamplesIT.java")).split("@Test\n"))
        .as("each of ExamplesIT is shown")
        .hasSize(1 + 3);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
