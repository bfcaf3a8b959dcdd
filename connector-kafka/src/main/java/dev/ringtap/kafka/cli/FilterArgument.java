package dev.ringtap.kafka.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** FILTER of a command that prints packets or flows. */
final class FilterArgument {
  @Parameters(
      paramLabel = "FILTER",
      arity = "0..*",
      description =
          "Arguments after the options form a pcap-filter(7) expression; other frames are left out.")
  private List<String> words = List.of();

  /** The expression; empty to keep all. */
  String expression() {
    return String.join(" ", words);
  }

  /** Null to keep all. */
  @Nullable PacketFilter filter() {
    return words.isEmpty() ? null : new PacketFilter(expression());
  }
}
