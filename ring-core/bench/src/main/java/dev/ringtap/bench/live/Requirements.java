package dev.ringtap.bench.live;

import dev.ringtap.lab.PrivateNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the benchmark needs of the machine. */
final class Requirements {
  /** Programs by the Debian package that has them. */
  private static final Map<String, String> PROGRAMS =
      new TreeMap<>(
          Map.of(
              "gcc", "gcc",
              "tcpdump", "tcpdump",
              "taskset", "util-linux",
              "ethtool", "ethtool"));

  /** C headers by the Debian package that has them. */
  private static final Map<String, String> HEADERS =
      new TreeMap<>(Map.of("stdio.h", "libc6-dev", "pcap/pcap.h", "libpcap-dev"));

  private Requirements() {}

  /** One line that says what is missing and what to do, or null. */
  static String missing() {
    List<String> packages = new ArrayList<>();
    String[] path = System.getenv("PATH").split(":");
    PROGRAMS.forEach(
        (program, debianPackage) -> {
          if (Stream.of(path).noneMatch(each -> Files.isExecutable(Path.of(each, program)))) {
            packages.add(debianPackage);
          }
        });
    HEADERS.forEach(
        (header, debianPackage) -> {
          if (!Files.exists(Path.of("/usr/include", header))) {
            packages.add(debianPackage);
          }
        });
    if (!packages.isEmpty()) {
      String names = String.join(" ", packages);
      return "the live benchmark needs what is missing here; on Debian: apt install " + names;
    }
    if (Runtime.getRuntime().availableProcessors() < 2) {
      return "the live benchmark needs two processors: one for the injector, one for the reader";
    }
    String cause = PrivateNetwork.unavailabilityCause();
    return cause == null ? null : "the live benchmark needs root for a network namespace: " + cause;
  }
}
