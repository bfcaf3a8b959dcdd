package dev.ringtap.bench.live;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Of what is measured beside Ringtap. */
final class Versions {
  private static final Pattern PCAP4J = Pattern.compile("pcap4j-core-([^/]*)\\.jar");

  private Versions() {}

  /** As one sentence. */
  static String describe() throws IOException {
    Matcher pcap4j = PCAP4J.matcher(System.getProperty("java.class.path"));
    return String.format(
        "%s; %s; pcap4j %s; %s.",
        line("tcpdump", "--version", 0),
        line("tcpdump", "--version", 1),
        pcap4j.find() ? pcap4j.group(1) : "of an unknown version",
        line("gcc", "--version", 0));
  }

  private static String line(String program, String option, int line) throws IOException {
    Process process = new ProcessBuilder(program, option).redirectErrorStream(true).start();
    return process
        .inputReader()
        .lines()
        .skip(line)
        .findFirst()
        .orElse(program + " without version");
  }
}
