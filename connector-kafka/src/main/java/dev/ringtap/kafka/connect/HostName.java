package dev.ringtap.kafka.connect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The name of this host, as {@code hostname} prints it. */
final class HostName {
  private static final Path KERNELS = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /** The kernel's name for the host, or the container; "unknown" where it tells none. */
  static String local() {
    try {
      return Files.readString(KERNELS).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
