package dev.ringtap.flink.bench;

import dev.ringtap.flink.table.RingtapCommand;
import dev.ringtap.flink.table.StubRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A broker and a registry, with topics that the agent wrote of a file: {@link #PACKED}, and {@link
 * #SINGLE}, whose values are one frame with a schema ID.
 */
final class Topics implements AutoCloseable {
  static final String PACKED = "packed";
  static final String SINGLE = "single";

  private final StubRegistry registry = new StubRegistry();
  private final Path directory;
  private final RingtapCommand.Broker broker;

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
    broker = RingtapCommand.startBroker(directory);
    write(file, PACKED, packed, "--frames-per-record", "auto");
    write(file, SINGLE, single, "--registry", registry.url());
  }

  /** Whether the command that writes them is built. */
  static boolean canBeMade() {
    return RingtapCommand.isBuilt();
  }

  String brokers() {
    return broker.address();
  }

  String registry() {
    return registry.url();
  }

  private void write(Path file, String topic, int frames, String... more)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of("capture", "-r", file.toString(), "-b", broker.address(), "-t", topic));
    arguments.addAll(List.of("--partitions", "1", "-c", Integer.toString(frames)));
    arguments.addAll(List.of(more));
    Path out = directory.resolve(topic + ".txt");
    if (RingtapCommand.start(out, arguments.toArray(String[]::new)).waitFor() != 0) {
      throw new IOException("topic " + topic + " was not written: " + Files.readString(out));
    }
  }

  @Override
  public void close() {
    broker.close();
    registry.close();
  }
}
