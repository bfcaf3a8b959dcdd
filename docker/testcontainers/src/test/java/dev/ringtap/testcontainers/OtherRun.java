package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A test run of its own: a JVM that prints lines, and that is told to go on by one. */
final class OtherRun implements AutoCloseable {
  private static final long LIMIT_SECONDS = 200;

  private final Process process;
  private final BufferedReader out;
  private final List<String> printed = new ArrayList<>();

  private OtherRun(Process process) {
    this.process = process;
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a main class of this class path. */
  static OtherRun start(Class<?> main, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    String logging = System.getProperty("java.util.logging.config.file");
    if (logging != null) {
      command.add("-Djava.util.logging.config.file=" + new File(logging).getAbsolutePath());
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    // reading what it prints cannot be interrupted
    CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    return new OtherRun(process);
  }

  /** Called in the run: waits for {@link #goOn}, or for the end of the test that started it. */
  static void awaitGoOn() {
    try {
      int ignored = System.in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for a line that begins so, and returns the rest of it. */
  String line(String beginning) throws IOException {
    while (true) {
      String line = out.readLine();
      assertThat(line)
          .as(() -> "a line \"" + beginning + "\" of a run that printed " + printed)
          .isNotNull();
      printed.add(line);
      if (line.startsWith(beginning)) {
        return line.substring(beginning.length());
      }
    }
  }

  void goOn() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  /** Waits until it has ended, which must be well. */
  void end() throws IOException, InterruptedException {
    out.lines().forEach(printed::add);
    assertThat(process.waitFor()).as(() -> "exit code of a run that printed " + printed).isZero();
  }

  /** SIGTERM. */
  void terminate() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  /** SIGKILL. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    kill();
  }
}
