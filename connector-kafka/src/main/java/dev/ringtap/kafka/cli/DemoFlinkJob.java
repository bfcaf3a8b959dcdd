package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The end of the demo: a Flink job that reads the ring itself, without Kafka. It is an example of
 * connector-flink, which this module does not depend on, and so runs in a process of its own.
 */
final class DemoFlinkJob {
  private static final String SECONDS = "8";

  private final Path example;
  private volatile Process process;

  /**
   * @param example the script that starts examples, or null
   */
  private DemoFlinkJob(Path example) {
    this.example = example;
  }

  /** As the launcher says where the project is; without it there is no job. */
  static DemoFlinkJob ofProject() {
    String project = System.getProperty("ringtap.project");
    return new DemoFlinkJob(
        project == null ? null : Path.of(project, "connector-flink", "bin", "example"));
  }

  boolean isThere() {
    return example != null && Files.isExecutable(example);
  }

  /** Runs it to its end; what it prints goes where ours goes. Returns whether all went well. */
  boolean run() throws IOException {
    process =
        new ProcessBuilder(example.toString(), "top-talkers", "-", SECONDS).inheritIO().start();
    try {
      return process.waitFor() == 0;
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the Flink job runs");
    }
  }

  /** Ends it, and what it has started. Any thread. */
  void stop() {
    Process running = process;
    if (running != null) {
      running.descendants().forEach(ProcessHandle::destroy);
      running.destroy();
    }
  }
}
