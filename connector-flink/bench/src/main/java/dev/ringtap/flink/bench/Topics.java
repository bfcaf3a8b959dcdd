package dev.ringtap.flink.bench;

import dev.ringtap.flink.table.StubRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A broker and a registry, with topics that the agent wrote of a file: {@link #PACKED}, and {@link
 * #SINGLE}, whose values are one frame with a schema ID.
 */
final class Topics implements AutoCloseable {
  static final String PACKED = "packed";
  static final String SINGLE = "single";

  private static final Path COMMAND = Path.of("../connector-kafka/target/connector-kafka.jar");
  private static final int WAIT_SECONDS = 120;

  private final StubRegistry registry = new StubRegistry();
  private final Path directory;
  private final Process broker;
  private final String brokers;

  /**
   * Starts them and writes the topics.
   *
   * @param directory for the broker's data
   * @param packed frames of the one topic
   * @param single frames of the other
   */
  Topics(Path directory, Path file, int packed, int single)
      throws IOException, InterruptedException {
    this.directory = directory;
    Path out = directory.resolve("broker.txt");
    broker = start(out, "broker", "--port", "0", "--dir", directory.resolve("broker").toString());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!Files.readString(out).contains("broker on ")) {
      if (!broker.isAlive() || System.nanoTime() > end) {
        throw new IOException("the broker did not start: " + Files.readString(out));
      }
      Thread.sleep(100);
    }
    brokers = Files.readString(out).replaceFirst("(?s).*broker on (\\S+),.*", "$1");
    write(file, PACKED, packed, "--frames-per-record", "auto");
    write(file, SINGLE, single, "--registry", registry.url());
  }

  /** Whether the command that writes them is built. */
  static boolean canBeMade() {
    return Files.exists(COMMAND);
  }

  String brokers() {
    return brokers;
  }

  String registry() {
    return registry.url();
  }

  private void write(Path file, String topic, int frames, String... more)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("capture", "-r", file.toString(), "-b", brokers, "-t", topic));
    arguments.addAll(List.of("--partitions", "1", "-c", Integer.toString(frames)));
    arguments.addAll(List.of(more));
    Path out = directory.resolve(topic + ".txt");
    if (start(out, arguments.toArray(String[]::new)).waitFor() != 0) {
      throw new IOException("topic " + topic + " was not written: " + Files.readString(out));
    }
  }

  private static Process start(Path output, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx1g",
                "-cp",
                COMMAND + ":" + COMMAND.resolveSibling("broker/*"),
                "dev.ringtap.kafka.cli.Main"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  @Override
  public void close() {
    broker.destroy();
    broker.onExit().join();
    registry.close();
  }
}
