package dev.ringtap.testcontainers.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page shows tests that run. */
@Timeout(10)
class TestcontainersPageTest {
  private static final Path EXAMPLES =
      Path.of("src", "test", "java", "dev", "ringtap", "testcontainers", "example");
  private static final Path KAFKA_EXAMPLE =
      Path.of("..", "tests", "src", "test", "java", "dev", "ringtap", "docker")
          .resolve("KafkaExampleIT.java");
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void theExamplesAreTestsThatRun() throws IOException {
    String code =
        read(EXAMPLES.resolve("ExamplesIT.java"))
            + read(EXAMPLES.resolve("ContainerFieldsIT.java"))
            + read(EXAMPLES.resolveSibling("KeepPacketsIT.java"))
            + read(KAFKA_EXAMPLE);
    List<String> shown =
        JAVA_BLOCK
            .matcher(read(Path.of("README.md")))
            .results()
            .map(block -> block.group(1))
            .collect(Collectors.toList());
    assertThat(shown).hasSize(7).allSatisfy(block -> assertThat(code).contains(block));
  }

  /** Without the indentation of its lines. */
  private static String read(Path file) throws IOException {
    return Files.readString(file).replaceAll("(?m)^ +", "");
  }
}
