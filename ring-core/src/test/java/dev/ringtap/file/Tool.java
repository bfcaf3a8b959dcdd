package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs the programs that an integration test compares with. */
final class Tool {
  private Tool() {}

  /** Runs a program, its standard output into a file; returns its exit code. */
  static int run(Path output, String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(String.join(" ", command)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return process.exitValue();
  }

  /** Runs a program that must succeed and returns what it prints. */
  static String print(Path directory, String... command) throws IOException, InterruptedException {
    Path output = directory.resolve(command[0] + ".out");
    assertThat(run(output, command)).as(String.join(" ", command)).isZero();
    return Files.readString(output, StandardCharsets.UTF_8);
  }
}
