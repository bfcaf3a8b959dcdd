package dev.ringtap.kafka.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A process on one of the two cores. All it prints goes to a file. Not thread-safe. */
final class Program implements AutoCloseable {
  static final Path RINGTAP = Path.of("bin", "ringtap").toAbsolutePath();
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
  private static final int END_SECONDS = 30;

  /** The kernel counts CPU time for users in hundredths of a second, on every architecture. */
  private static final long TICK_NANOS = 10_000_000;

  private final List<String> command;
  private final Path log;
  private final Process process;

  private Program(List<String> command, String javaOptions, Path log) throws IOException {
    this.command = command;
    this.log = log;
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("RINGTAP_JAVA", JAVA.toString());
    builder.environment().put("RINGTAP_JAVA_OPTS", javaOptions);
    this.process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
  }

  /**
   * Starts the ringtap command of this build.
   *
   * @param javaOptions for its JVM, separated by blanks
   */
  static Program ringtap(Core core, String javaOptions, String... arguments) throws IOException {
    return start(core, javaOptions, List.of(RINGTAP.toString()), arguments);
  }

  /** Starts a main class with the class path of this process. */
  static Program java(Core core, Class<?> main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(java());
    command.add("-Djava.util.logging.config.file=src/main/resources/logging.properties");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return start(core, "", command, arguments);
  }

  /** The words that begin a command of Java. */
  static List<String> java() {
    return List.of(JAVA.toString(), "--enable-native-access=ALL-UNNAMED");
  }

  /** Starts any command. */
  static Program start(Core core, List<String> command) throws IOException {
    return start(core, "", command);
  }

  private static Program start(
      Core core, String javaOptions, List<String> program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(core.prefix()));
    command.addAll(program);
    command.addAll(List.of(arguments));
    return new Program(command, javaOptions, Files.createTempFile("ringtap-bench", ".log"));
  }

  /** What it has printed so far. */
  String printed() throws IOException {
    return Files.readString(log);
  }

  /** Waits until it has printed this. */
  void await(String text) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
    while (!printed().contains(text)) {
      requireAlive();
      if (System.nanoTime() > deadline) {
        throw failure("did not print '" + text + "'");
      }
      sleepMillis(5);
    }
  }

  /**
   * Says if it has ended.
   *
   * @throws IOException if so, with what it printed
   */
  void requireAlive() throws IOException {
    if (!process.isAlive()) {
      throw failure("ended with " + process.exitValue());
    }
  }

  /** User and system time of all its threads so far, in steps of 10 ms. */
  long cpuNanos() throws IOException {
    String stat = Files.readString(proc().resolve("stat"));
    // The second field, in brackets, may have blanks; utime and stime are fields 14 and 15.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
  }

  /** The same by the threads' names, of which the kernel keeps 15 characters; to the nanosecond. */
  Map<String, Long> cpuNanosByThread() throws IOException {
    Map<String, Long> threads = new TreeMap<>();
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(proc().resolve("task"))) {
      for (Path task : tasks) {
        String name = Files.readString(task.resolve("comm")).strip();
        String schedstat = Files.readString(task.resolve("schedstat"));
        threads.merge(name, Long.parseLong(schedstat.split(" ")[0]), Long::sum);
      }
    }
    return threads;
  }

  /** A number in what the kernel tells of the process: a size in KiB, or a count. */
  long status(String name) throws IOException {
    return Files.readAllLines(proc().resolve("status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow(() -> new IOException("no " + name + " of " + command));
  }

  /** How many files it has open, sockets among them. */
  int descriptors() throws IOException {
    int count = 0;
    try (DirectoryStream<Path> open = Files.newDirectoryStream(proc().resolve("fd"))) {
      for (Path each : open) {
        count++;
      }
    }
    return count;
  }

  private Path proc() {
    return Path.of("/proc", Long.toString(process.pid()));
  }

  /** SIGTERM. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** Moves all its threads to a core. */
  void pin(Core core) throws IOException {
    core.take(process.pid());
  }

  /** Waits for an end with exit code 0. */
  void awaitSuccess() throws IOException {
    awaitEnd();
    if (process.exitValue() != 0) {
      throw failure("ended with " + process.exitValue());
    }
  }

  /** Waits for its end. */
  void awaitEnd() throws IOException {
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        throw failure("does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private IOException failure(String what) throws IOException {
    List<String> shown = command.stream().map(Program::shortened).toList();
    return new IOException(String.join(" ", shown) + ": " + what + "\n" + printed());
  }

  private static String shortened(String argument) {
    return argument.length() > 200 ? argument.substring(0, 200) + "…" : argument;
  }

  static void sleepMillis(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** SIGKILL, if it still runs. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(log);
  }
}
