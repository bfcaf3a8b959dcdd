package dev.ringtap.kafka.agent;

import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where the frames of one capture are, at one time. At any time offered ≥ dropped + captured, and
 * captured = acknowledged + not delivered + in flight; each count is at least what it was before.
 *
 * @param host the host that captures; empty for a file that does not say
 * @param interfaceName the interface, or the capture file
 * @param members one for each ring
 * @param framesAcknowledged frames that Kafka acknowledged, or that are in the file if no Kafka was
 *     asked for
 * @param recordsAcknowledged Kafka records in which they are
 * @param framesNotDelivered frames that were captured and did not arrive, by the reason's name
 * @param framesInFlight frames that were captured, and neither arrived nor were given up yet
 * @param framesWritten frames in the capture file
 * @param framesDroppedByInterface frames that the interface itself dropped, in no other count;
 *     {@link dev.ringtap.capture.InterfaceDrops#UNKNOWN} if it does not tell
 * @param deliveryLatency from a record's first frame, by the kernel's clock, until Kafka
 *     acknowledged it
 * @param flows where the frames are by flow records; null if none are sent
 */
public record CaptureCounts(
    String host,
    String interfaceName,
    List<MemberCounts> members,
    long framesAcknowledged,
    long recordsAcknowledged,
    Map<String, Long> framesNotDelivered,
    long framesInFlight,
    long framesWritten,
    long framesDroppedByInterface,
    Latency deliveryLatency,
    @Nullable FlowLedger flows) {
  /** Copies the collections. */
  public CaptureCounts {
    members = List.copyOf(members);
    framesNotDelivered = Map.copyOf(framesNotDelivered);
  }

  /** The sum of a count over all members. */
  long sum(ToLongFunction<MemberCounts> count) {
    return members.stream().mapToLong(count).sum();
  }

  /** Whether frames have neither arrived nor were given up yet, as packets or in flows. */
  boolean isInFlight() {
    return framesInFlight > 0 || framesInFlows() > 0;
  }

  /** Frames in flows that are open, or whose record is in flight; 0 if no flows are sent. */
  public long framesInFlows() {
    return flows == null ? 0 : Math.max(0, sum(MemberCounts::framesCaptured) - flows.total());
  }

  /** Frames in flows that are open; 0 if no flows are sent. */
  long framesInOpenFlows() {
    return flows == null ? 0 : flows.open();
  }

  /** Frames not delivered, for any reason. */
  long notDelivered() {
    return DeliveryFailures.total(framesNotDelivered);
  }
}
