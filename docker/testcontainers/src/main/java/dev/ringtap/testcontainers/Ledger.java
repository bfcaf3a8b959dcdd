package dev.ringtap.testcontainers;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where every frame of a capture went, as the agent says at its end.
 *
 * @param offered frames that were on the wire and passed the capture's filter
 * @param dropped those for which the ring had no room
 * @param captured those taken from the ring
 * @param acknowledged captured frames that Kafka acknowledged, or that were handed over
 * @param notDelivered captured frames that did not arrive
 */
public record Ledger(
    long offered, long dropped, long captured, long acknowledged, long notDelivered) {
  private static final Pattern LINES =
      Pattern.compile(
          "^offered (\\d+) = (\\d+) dropped by the kernel \\+ (\\d+) captured\\R"
              + "captured \\3 = (\\d+) acknowledged \\+ (\\d+) not delivered",
          Pattern.MULTILINE);

  /**
   * Whether both equations hold: offered = dropped + captured = dropped + acknowledged +
   * notDelivered.
   */
  public boolean balances() {
    return offered == dropped + captured && captured == acknowledged + notDelivered;
  }

  /** The ledger in what an agent printed; none where it ended without one. */
  static Optional<Ledger> in(String log) {
    return LINES
        .matcher(log)
        .results()
        .map(
            found ->
                new Ledger(
                    Long.parseLong(found.group(1)),
                    Long.parseLong(found.group(2)),
                    Long.parseLong(found.group(3)),
                    Long.parseLong(found.group(4)),
                    Long.parseLong(found.group(5))))
        .findFirst();
  }
}
