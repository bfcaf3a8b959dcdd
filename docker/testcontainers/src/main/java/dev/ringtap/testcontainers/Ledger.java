package dev.ringtap.testcontainers;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Where every frame of a capture went, as the agent reports at its end.
 *
 * @param offered frames that were on the wire and passed the capture's filter
 * @param dropped those for which the ring had no room
 * @param captured those taken from the ring
 * @param acknowledged captured frames that Kafka acknowledged, or that were handed over
 * @param notDelivered captured frames that did not arrive
 */
public record Ledger(
    long offered, long dropped, long captured, long acknowledged, long notDelivered) {

  /** The ledger in the file that {@code --report} names. */
  static Ledger of(JsonNode report) {
    return new Ledger(
        report.get("offered").longValue(),
        report.get("droppedByKernel").longValue(),
        report.get("captured").longValue(),
        report.get("acknowledged").longValue(),
        report.get("notDelivered").longValue());
  }

  Ledger plus(Ledger other) {
    return new Ledger(
        offered + other.offered,
        dropped + other.dropped,
        captured + other.captured,
        acknowledged + other.acknowledged,
        notDelivered + other.notDelivered);
  }

  /**
   * Whether both equations hold: offered = dropped + captured = dropped + acknowledged +
   * notDelivered.
   */
  public boolean balances() {
    return offered == dropped + captured && captured == acknowledged + notDelivered;
  }
}
