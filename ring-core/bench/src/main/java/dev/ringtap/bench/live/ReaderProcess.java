package dev.ringtap.bench.live;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A running reader. Not thread-safe. */
abstract class ReaderProcess implements AutoCloseable {
  /** Longer than any reader's time-out, tcpdump's being one second. */
  private static final int IDLE_MILLIS = 1_500;

  private final Process process;
  private final int lookMillis;

  /**
   * A reader.
   *
   * @param lookMillis how often to ask it while it is to come to rest
   */
  ReaderProcess(Process process, int lookMillis) {
    this.process = process;
    this.lookMillis = lookMillis;
  }

  /** Starts one; it captures when this returns. */
  static ReaderProcess start(Wire wire, ReaderKind kind) throws IOException {
    return kind == ReaderKind.TCPDUMP
        ? TcpdumpProcess.start(wire)
        : AnsweringProcess.start(wire, kind);
  }

  /** What it has done so far. */
  abstract Mark mark() throws IOException;

  /** Ends it; what it has done, the kernel's drops exact. */
  abstract Mark end() throws IOException;

  final Process process() {
    return process;
  }

  /**
   * Waits until the reader has nothing more to read.
   *
   * @param offered frames that have come since it was started
   */
  final Mark settle(long offered) throws IOException {
    Mark last = mark();
    long idleSince = System.nanoTime();
    while (last.frames() + last.dropped() != offered) {
      pause();
      Mark now = mark();
      if (now.frames() != last.frames()) {
        idleSince = System.nanoTime();
      } else if (System.nanoTime() - idleSince > TimeUnit.MILLISECONDS.toNanos(IDLE_MILLIS)) {
        return now;
      }
      last = now;
    }
    // counted is not yet released and waiting again
    pause();
    return mark();
  }

  private void pause() throws IOException {
    try {
      Thread.sleep(lookMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Processor time of the process's threads, by {@code /proc/PID/task/TID/schedstat}. */
  final long processNanos() throws IOException {
    long nanos = 0;
    Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        nanos += threadNanos(thread);
      }
    }
    return nanos;
  }

  private static long threadNanos(Path thread) throws IOException {
    try {
      String times = Files.readString(thread.resolve("schedstat"));
      return Long.parseLong(times.substring(0, times.indexOf(' ')));
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
