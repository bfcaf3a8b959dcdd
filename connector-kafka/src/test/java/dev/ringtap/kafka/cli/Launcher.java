package dev.ringtap.kafka.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs {@code bin/ringtap} as a user would, on the JDK of the tests. */
public final class Launcher {
  public static final Path SCRIPT = Path.of("bin", "ringtap").toAbsolutePath();

  private Launcher() {}

  /** A command that ended. */
  public record Result(int status, String out, String err) {}

  /** Starts the command; its stderr goes to the file. */
  public static Process start(
      Path script, Path err, Map<String, String> environment, String... args) throws IOException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(Path.of("/").toFile());
    builder.redirectError(err.toFile());
    builder
        .environment()
        .put("RINGTAP_JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString());
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Runs the command to its end. */
  public static Result run(Path script, Map<String, String> environment, String... args)
      throws IOException, InterruptedException {
    Path err = Files.createTempFile("ringtap", ".err");
    Process process = start(script, err, environment, args);
    try {
      String out = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        throw new IOException(String.join(" ", args) + " does not end");
      }
      return new Result(process.exitValue(), out, Files.readString(err));
    } finally {
      process.destroyForcibly();
      Files.delete(err);
    }
  }

  /** The address in the line that {@code ringtap broker} prints when it is ready. */
  public static String awaitBroker(Process process) throws IOException {
    BufferedReader out = process.inputReader(UTF_8);
    String line = out.readLine();
    if (line == null || !line.startsWith("broker on ")) {
      throw new IOException("the broker is not ready: " + line);
    }
    return line.substring("broker on ".length(), line.indexOf(','));
  }
}
