package dev.ringtap.kafka.agent;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the captured frames are by flow records. At the end, captured = acknowledged + without a
 * flow + not delivered; before it, the rest is in open flows or in flight.
 *
 * @param records flow records that Kafka acknowledged
 * @param acknowledged the sum of their packets
 * @param withoutFlow frames that are no flow: others than IP
 * @param open frames of flows that are open; 0 at the end
 * @param notDeliveredByReason frames whose flow record did not arrive, or that could not be read,
 *     by the reason's name
 */
public record FlowLedger(
    long records,
    long acknowledged,
    long withoutFlow,
    long open,
    Map<String, Long> notDeliveredByReason) {
  /** Copies the reasons. */
  public FlowLedger {
    notDeliveredByReason = Map.copyOf(notDeliveredByReason);
  }

  /** Frames whose flow record did not arrive, or that could not be read. */
  public long notDelivered() {
    return DeliveryFailures.total(notDeliveredByReason);
  }

  /** Frames that are accounted for. */
  public long total() {
    return acknowledged + withoutFlow + notDelivered();
  }

  /** The sum of both, of which either may be null. */
  static @Nullable FlowLedger sum(@Nullable FlowLedger one, @Nullable FlowLedger other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    Map<String, Long> reasons = new TreeMap<>(one.notDeliveredByReason);
    other.notDeliveredByReason.forEach(
        (reason, frames) -> reasons.merge(reason, frames, Long::sum));
    return new FlowLedger(
        one.records + other.records,
        one.acknowledged + other.acknowledged,
        one.withoutFlow + other.withoutFlow,
        one.open + other.open,
        reasons);
  }
}
