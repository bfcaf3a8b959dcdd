package dev.ringtap.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A {@code docker} command as a user gives it. */
final class DockerCommand implements AutoCloseable {
  private static final long WAIT_SECONDS = 30;

  private final Process process;
  private final BufferedReader output;
  private final StringBuilder seen = new StringBuilder();

  private DockerCommand(Process process) {
    this.process = process;
    this.output = process.inputReader(UTF_8);
  }

  /** Starts a container that removes itself. Its two outputs come as one. */
  static DockerCommand run(String... arguments) throws IOException {
    List<String> command =
        Stream.concat(Stream.of("docker", "run", "--rm"), Stream.of(arguments)).toList();
    return new DockerCommand(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Reads on until a line begins so. */
  void awaitLine(String beginning) throws IOException {
    String line;
    do {
      line = output.readLine();
      assertThat(line).as("no line '%s' in:%n%s", beginning, seen).isNotNull();
      seen.append(line).append('\n');
    } while (!line.startsWith(beginning));
  }

  /** Waits for its end, which must be of this exit code, and returns what it has written. */
  String end(int exitCode) throws IOException, InterruptedException {
    output.lines().forEach(line -> seen.append(line).append('\n'));
    assertThat(process.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)).as("ends").isTrue();
    assertThat(process.exitValue()).as(seen.toString()).isEqualTo(exitCode);
    return seen.toString();
  }

  /** Ends the container too, which gets the signal. */
  @Override
  public void close() {
    process.destroy();
  }
}
