package dev.ringtap.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The name of this host, as records have it. */
public final class HostName {
  /** Environment variable that names the host, such as a Kubernetes node that runs this pod. */
  public static final String VARIABLE = "RINGTAP_HOST_NAME";

  private static final Path KERNELS = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /**
   * Returns {@value #VARIABLE} of the environment if it is set, otherwise what {@code hostname}
   * prints; "unknown" if the kernel tells no name.
   */
  public static String local() {
    String given = System.getenv(VARIABLE);
    if (given != null && !given.isBlank()) {
      return given.strip();
    }
    try {
      return Files.readString(KERNELS).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
