package dev.ringtap.flink.table;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The command {@code ringtap} with its embedded broker, where the whole project is built. */
public final class RingtapCommand {
  static final Path JAR = Path.of("..", "connector-kafka", "target", "connector-kafka.jar");

  private static final int WAIT_SECONDS = 120;

  private RingtapCommand() {}

  /** A broker that runs. */
  public record Broker(Process process, String address) implements AutoCloseable {
    @Override
    public void close() {
      process.destroy();
      if (process.onExit().completeOnTimeout(null, WAIT_SECONDS, TimeUnit.SECONDS).join() == null) {
        process.destroyForcibly();
      }
    }
  }

  /** Whether it is there. */
  public static boolean isBuilt() {
    return Files.exists(JAR);
  }

  /** What a JVM is given to run it. */
  static List<String> jvmArguments(String... arguments) {
    List<String> all = new ArrayList<>();
    all.add("-cp");
    all.add(JAR.toAbsolutePath() + ":" + JAR.resolveSibling("broker").toAbsolutePath() + "/*");
    all.add("dev.ringtap.kafka.cli.Main");
    all.addAll(List.of(arguments));
    return all;
  }

  /**
   * Starts it.
   *
   * @param output takes what it writes
   */
  public static Process start(Path output, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx1g");
    command.addAll(jvmArguments(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  /**
   * Starts a broker and waits for it.
   *
   * @param directory for its data and output
   */
  public static Broker startBroker(Path directory) throws IOException, InterruptedException {
    Path output = directory.resolve("broker.txt");
    Process process =
        start(output, "broker", "--port", "0", "--dir", directory.resolve("broker").toString());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!Files.readString(output).contains("broker on ")) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new IOException("the broker did not start: " + Files.readString(output));
      }
      Thread.sleep(100);
    }
    return new Broker(
        process, Files.readString(output).replaceFirst("(?s).*broker on (\\S+),.*", "$1"));
  }
}
