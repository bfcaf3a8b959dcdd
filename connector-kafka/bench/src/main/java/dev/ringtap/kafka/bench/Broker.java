package dev.ringtap.kafka.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;

/**
 * The embedded broker in a process of its own, its data in memory where the machine has such a file
 * system, and the topics of a measurement. It is in the network namespace of the thread that starts
 * it. Not thread-safe.
 */
final class Broker implements AutoCloseable {
  /** As many as the agent gives to a topic. */
  private static final int PARTITIONS = 4;

  private static final Path MEMORY = Path.of("/dev/shm");

  private final Path directory;
  private final Program program;
  private final String address;
  private final Admin admin;
  private int topics;

  private Broker(Path directory, Program program) throws IOException {
    this.directory = directory;
    this.program = program;
    program.await("Ctrl-C");
    this.address = program.printed().replaceAll("(?s).*broker on ([^,]+),.*", "$1");
    this.admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, address));
  }

  static Broker start() throws IOException {
    Path parent = Files.isWritable(MEMORY) ? MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
    Path directory = Files.createTempDirectory(parent, "ringtap-bench");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
    Program program =
        Program.ringtap(
            Core.SURROUNDINGS, "", "broker", "--port", "0", "--dir", directory.toString());
    try {
      return new Broker(directory, program);
    } catch (IOException | RuntimeException e) {
      program.close();
      delete(directory);
      throw e;
    }
  }

  /**
   * A place for the input of what is measured: in memory too, and deleted with the broker's data.
   */
  Path inputFile() {
    return directory.resolve("input.pcapng");
  }

  String address() {
    return address;
  }

  Program program() {
    return program;
  }

  /** An empty topic; the one before it is deleted. */
  String newTopic() throws IOException {
    String last = name();
    topics++;
    NewTopic topic = new NewTopic(name(), Optional.of(PARTITIONS), Optional.empty());
    // what is deleted gives its memory back soon
    topic.configs(Map.of(TopicConfig.FILE_DELETE_DELAY_MS_CONFIG, "500"));
    get(admin.createTopics(List.of(topic)).all());
    if (topics > 1) {
      get(admin.deleteTopics(List.of(last)).all());
    }
    return name();
  }

  private String name() {
    return "bench-" + topics;
  }

  /** Records in the newest topic. */
  long records() throws IOException {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      ends.put(new TopicPartition(name(), partition), OffsetSpec.latest());
    }
    return get(admin.listOffsets(ends).all()).values().stream()
        .mapToLong(info -> info.offset())
        .sum();
  }

  /** Bytes that the newest topic's records take on the broker. */
  long bytes() throws IOException {
    return get(admin.describeLogDirs(List.of(1)).allDescriptions()).values().stream()
        .flatMap(logDirs -> logDirs.values().stream())
        .flatMap(logDir -> logDir.replicaInfos().entrySet().stream())
        .filter(replica -> replica.getKey().topic().equals(name()))
        .mapToLong(replica -> replica.getValue().size())
        .sum();
  }

  private static <T> T get(KafkaFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() throws IOException {
    admin.close();
    program.close();
    delete(directory);
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException | UncheckedIOException e) {
      // gone already, or the broker is still at it: what is left is of no use to anyone
    }
  }
}
