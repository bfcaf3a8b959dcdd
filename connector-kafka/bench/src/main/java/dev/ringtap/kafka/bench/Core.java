package dev.ringtap.kafka.bench;

import java.io.IOException;

/**
 * The two cores of a measurement. While the clock runs, what is measured has one for itself; the
 * broker and whatever makes its input share the other, so that neither takes time from it. A
 * machine with one core has them both in one.
 */
enum Core {
  /** Broker, senders, consumers, this process. */
  SURROUNDINGS("0"),
  /** The process that is measured. */
  MEASURED(Runtime.getRuntime().availableProcessors() == 1 ? "0" : "1"),
  /** For a process that is still to warm up: its JVM compiles on the other core meanwhile. */
  EITHER("0," + MEASURED.list);

  private final String list;

  Core(String list) {
    this.list = list;
  }

  /** The words before a command that keep it there. */
  String[] prefix() {
    return new String[] {"taskset", "-c", list};
  }

  /** Moves all threads of a process there. */
  void take(long pid) throws IOException {
    Process taskset =
        new ProcessBuilder("taskset", "-a", "-c", "-p", list, Long.toString(pid))
            .redirectErrorStream(true)
            .start();
    String said = new String(taskset.getInputStream().readAllBytes());
    try {
      if (taskset.waitFor() != 0) {
        throw new IOException("taskset: " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
