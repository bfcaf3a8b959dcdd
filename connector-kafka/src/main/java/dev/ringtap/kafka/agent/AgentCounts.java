package dev.ringtap.kafka.agent;

import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Where the frames of a run are, at one time. At any time offered ≥ dropped + captured, and
 * captured = acknowledged + not delivered + in flight; each count is at least what it was before.
 *
 * @param members one for each ring
 * @param framesAcknowledged frames that Kafka acknowledged, or that are in the file if no Kafka was
 *     asked for
 * @param framesNotDelivered frames that were captured and did not arrive, by the reason's name
 * @param framesInFlight frames that were captured, and neither arrived nor were given up yet
 * @param framesWritten frames in the capture file
 * @param framesDroppedByInterface frames that the interface itself dropped, in no other count;
 *     {@link dev.ringtap.capture.InterfaceDrops#UNKNOWN} if it does not tell
 * @param silentSeconds for how long frames have been in flight of which none was acknowledged
 * @param kafka of the producer; null if no Kafka is asked for, or none has answered yet
 * @param kafkaObstacle why Kafka is waited for, or null
 */
public record AgentCounts(
    List<MemberCounts> members,
    long framesAcknowledged,
    Map<String, Long> framesNotDelivered,
    long framesInFlight,
    long framesWritten,
    long framesDroppedByInterface,
    double silentSeconds,
    KafkaCounts kafka,
    String kafkaObstacle) {
  private static final int SILENCE_SECONDS = 10;

  /**
   * What the producer tells.
   *
   * @param records records that Kafka acknowledged
   * @param deliveryLatency from a record's first frame, by the kernel's clock, until Kafka
   *     acknowledged it
   * @param lastAcknowledgedMillis when Kafka last acknowledged a record, in milliseconds since 1970
   *     UTC; 0 if it never did
   * @param connections open connections to brokers
   * @param bufferBytes of the buffer for records that wait
   * @param bufferUsedBytes those in use
   * @param batchBytes bytes of a batch, on average over the last half minute; NaN if there was none
   * @param compressionRatio compressed bytes by uncompressed ones, of the same batches
   */
  public record KafkaCounts(
      long records,
      Latency deliveryLatency,
      long lastAcknowledgedMillis,
      int connections,
      long bufferBytes,
      long bufferUsedBytes,
      double batchBytes,
      double compressionRatio) {}

  /** Copies the collections. */
  public AgentCounts {
    members = List.copyOf(members);
    framesNotDelivered = Map.copyOf(framesNotDelivered);
  }

  private long sum(ToLongFunction<MemberCounts> count) {
    return members.stream().mapToLong(count).sum();
  }

  /** Frames that passed the filter, of all members. */
  public long offered() {
    return sum(MemberCounts::framesOffered);
  }

  /** Frames that the kernel dropped, of all members. */
  public long dropped() {
    return sum(MemberCounts::framesDropped);
  }

  /** Frames taken, of all members. */
  public long captured() {
    return sum(MemberCounts::framesCaptured);
  }

  /** Bytes of the captured payloads, of all members. */
  public long capturedBytes() {
    return sum(MemberCounts::bytesCaptured);
  }

  /** Whether Kafka has acknowledged nothing for ten seconds though frames wait for it. */
  public boolean isKafkaSilent() {
    return silentSeconds >= SILENCE_SECONDS;
  }

  /** Frames not delivered, for any reason. */
  public long notDelivered() {
    return DeliveryFailures.total(framesNotDelivered);
  }
}
