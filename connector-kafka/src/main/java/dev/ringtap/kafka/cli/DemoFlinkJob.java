package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The end of the demo: a Flink job that reads the ring itself, without Kafka. It is an example of
 * connector-flink, which this module does not depend on, and so runs in a process of its own.
 */
final class DemoFlinkJob {
  private static final String SECONDS = "8";

  private final Optional<Path> example;
  private volatile @Nullable Process process;

  /**
   * @param example the script that starts examples, if there is a project
   */
  private DemoFlinkJob(Optional<Path> example) {
    this.example = example;
  }

  /** As the launcher says where the project is; without it there is no job. */
  static DemoFlinkJob ofProject() {
    return new DemoFlinkJob(
        Optional.ofNullable(System.getProperty("ringtap.project"))
            .map(project -> Path.of(project, "connector-flink", "bin", "example")));
  }

  boolean isThere() {
    return example.filter(Files::isExecutable).isPresent();
  }

  /** Runs it to its end; what it prints goes where ours goes. Returns whether all went well. */
  boolean run() throws IOException {
    String script = example.orElseThrow().toString();
    Process job = new ProcessBuilder(script, "top-talkers", "-", SECONDS).inheritIO().start();
    process = job;
    try {
      return job.waitFor() == 0;
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
