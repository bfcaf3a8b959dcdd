package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** What figures were measured on. */
public final class Machine {
  private Machine() {}

  /** Processor, cores, kernel, JDK and day, as one sentence. */
  public static String describe() throws IOException {
    return String.format(
        "%s, %d cores, Linux %s, JDK %s (%s), %s.",
        processor(),
        cores(),
        System.getProperty("os.version"),
        Runtime.version(),
        System.getProperty("java.vendor"),
        LocalDate.now(ZoneOffset.UTC));
  }

  /** The machine's: this process may be pinned to one of them. */
  private static long cores() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("processor"))
        .count();
  }

  private static String processor() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }
}
