package dev.ringtap.testkit;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FilterException;
import dev.ringtap.lab.PrivateNetwork;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** What a test needs of the machine. Each method skips the test if that is missing, and says so. */
public final class Requirements {
  /** Debian's packages of the programs that are not named like theirs. */
  private static final Map<String, String> PACKAGES =
      Map.ofEntries(
          entry("go", "golang-go"),
          entry("ip", "iproute2"),
          entry("nsenter", "util-linux"),
          entry("setpriv", "util-linux"),
          entry("unshare", "util-linux"),
          entry("promtool", "prometheus"),
          entry("capinfos", "wireshark-common"),
          entry("editcap", "wireshark-common"),
          entry("mergecap", "wireshark-common"),
          entry("text2pcap", "wireshark-common"),
          entry("sysctl", "procps"),
          entry("systemd-nspawn", "systemd-container"));

  private Requirements() {}

  /** Requires programs on the PATH, or at their own absolute paths. */
  public static void programs(String... names) {
    for (String name : names) {
      String file = Path.of(name).getFileName().toString();
      assumeTrue(
          Stream.of(System.getenv("PATH").split(File.pathSeparator))
              .anyMatch(directory -> Files.isExecutable(Path.of(directory).resolve(name))),
          () -> "needs " + name + ", of Debian's package " + PACKAGES.getOrDefault(file, file));
    }
  }

  /** Requires the library that compiles filter expressions. */
  public static void libpcap() {
    String cause = null;
    try {
      FilterCompiler.system().libraryVersion();
    } catch (FilterException e) {
      cause = e.getMessage();
    }
    assumeTrue(cause == null, "needs libpcap, of Debian's package libpcap0.8: " + cause);
  }

  /** Requires a file or a device. */
  public static void file(String path) {
    assumeTrue(Files.exists(Path.of(path)), "needs " + path);
  }

  /** Requires a file or directory of one of Debian's packages. */
  public static void filesOf(String debianPackage, String path) {
    assumeTrue(
        Files.exists(Path.of(path)),
        () -> "needs " + path + ", of Debian's package " + debianPackage);
  }

  /** Requires the right to make a network namespace. */
  public static void privateNetwork() {
    String cause = PrivateNetwork.unavailabilityCause();
    assumeTrue(cause == null, "needs root for a network namespace: " + cause);
  }
}
