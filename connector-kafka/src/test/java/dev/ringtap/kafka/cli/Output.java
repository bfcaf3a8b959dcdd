package dev.ringtap.kafka.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A process, and what it prints. */
final class Output {
  private final Process process;
  private final StringBuilder text = new StringBuilder();
  private final Thread reader;

  Output(Process process) {
    this.process = process;
    reader = new Thread(this::read, "output");
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line; (line = lines.readLine()) != null; ) {
        synchronized (text) {
          text.append(line).append('\n');
          text.notifyAll();
        }
      }
    } catch (IOException e) {
      // the process was ended
    }
    synchronized (text) {
      text.notifyAll();
    }
  }

  String text() {
    synchronized (text) {
      return text.toString();
    }
  }

  /** Waits until the process has printed this. */
  void await(String wanted) {
    await(wanted, 1);
  }

  /** Waits until the process has printed this so many times. */
  void await(String wanted, int times) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    synchronized (text) {
      while (text.toString().split(Pattern.quote(wanted), -1).length <= times) {
        long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0 || !reader.isAlive()) {
          throw new AssertionError(
              "'" + wanted + "' was not printed " + times + " times, but:\n" + text);
        }
        try {
          text.wait(Math.min(leftMillis, 100));
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  /** Waits for the end. */
  int exitCode(int seconds) {
    try {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        throw new AssertionError("still running after " + seconds + " s:\n" + text());
      }
      reader.join(5000);
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A character on its standard input. */
  void type(int character) throws IOException {
    process.getOutputStream().write(character);
    process.getOutputStream().flush();
  }

  /** Any signal, by its name in kill(1). */
  void signal(String name) throws IOException {
    TestNetwork.run("kill", "-s", name, Long.toString(process.pid()));
  }

  /** The same line of what the kernel tells of each of its threads. */
  Set<String> status(String field) throws IOException {
    Set<String> lines = new HashSet<>();
    Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(tasks)) {
      for (Path task : all) {
        Files.readAllLines(task.resolve("status")).stream()
            .filter(line -> line.startsWith(field + ":"))
            .forEach(lines::add);
      }
    }
    return lines;
  }

  /** SIGTERM; the process's own way to do that would close its output too. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** What the process reads. */
  OutputStream input() {
    return process.getOutputStream();
  }

  /** SIGUSR1. */
  void userSignal() throws IOException {
    TestNetwork.run("kill", "-USR1", Long.toString(process.pid()));
  }

  /** SIGKILL. */
  void kill() {
    process.toHandle().destroyForcibly();
  }
}
