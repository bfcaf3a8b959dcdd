package dev.ringtap.kafka.agent;

import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where the frames of a run are, at one time.
 *
 * @param captures one for each interface that is captured
 * @param ended the sum of the captures that ended because their interface is gone
 * @param awaited interfaces and patterns that are wanted and of which none is there
 * @param silentSeconds for how long frames have been in flight of which none was acknowledged
 * @param kafka of the producer; null if no Kafka is asked for, or none has answered yet
 * @param kafkaObstacle why Kafka is waited for, or null
 */
public record AgentCounts(
    List<CaptureCounts> captures,
    Ledger ended,
    List<String> awaited,
    double silentSeconds,
    @Nullable KafkaCounts kafka,
    @Nullable String kafkaObstacle) {
  private static final int SILENCE_SECONDS = 10;

  /**
   * What the producer tells.
   *
   * @param lastAcknowledgedMillis when Kafka last acknowledged a record, in milliseconds since 1970
   *     UTC; 0 if it never did
   * @param quietSeconds for how long no broker has answered anything, though it was asked; 0 if one
   *     has within the time that an answer may take
   * @param connections open connections to brokers
   * @param bufferBytes of the buffer for records that wait
   * @param bufferUsedBytes those in use
   * @param batchBytes bytes of a batch, on average over the last half minute; NaN if there was none
   * @param compressionRatio compressed bytes by uncompressed ones, of the same batches
   */
  public record KafkaCounts(
      long lastAcknowledgedMillis,
      double quietSeconds,
      int connections,
      long bufferBytes,
      long bufferUsedBytes,
      double batchBytes,
      double compressionRatio) {}

  /** Copies the collections. */
  public AgentCounts {
    captures = List.copyOf(captures);
    awaited = List.copyOf(awaited);
  }

  private long sum(ToLongFunction<CaptureCounts> count) {
    return captures.stream().mapToLong(count).sum();
  }

  private long sumOfMembers(ToLongFunction<MemberCounts> count) {
    return sum(each -> each.sum(count));
  }

  /** Frames that passed the filter. This and the other sums are of all captures of the run. */
  public long offered() {
    return ended.offered() + sumOfMembers(MemberCounts::framesOffered);
  }

  /** Frames that the kernel dropped. */
  public long dropped() {
    return ended.droppedByKernel() + sumOfMembers(MemberCounts::framesDropped);
  }

  /** Frames that the interfaces dropped, as far as they tell. */
  public long droppedByInterface() {
    return Math.max(0, ended.droppedByInterface())
        + sum(each -> Math.max(0, each.framesDroppedByInterface()));
  }

  /** Frames taken. */
  public long captured() {
    return ended.captured() + sumOfMembers(MemberCounts::framesCaptured);
  }

  /** Bytes of the captured payloads. */
  public long capturedBytes() {
    return ended.capturedBytes() + sumOfMembers(MemberCounts::bytesCaptured);
  }

  /** Frames that Kafka acknowledged, or that are in the file if no Kafka was asked for. */
  public long acknowledged() {
    return ended.acknowledged() + sum(CaptureCounts::framesAcknowledged);
  }

  /** Frames not delivered, for any reason. */
  public long notDelivered() {
    return ended.notDelivered() + sum(CaptureCounts::notDelivered);
  }

  /** Captured frames that neither arrived nor were given up yet. */
  public long inFlight() {
    return sum(CaptureCounts::framesInFlight);
  }

  /** The fullest ring's fill, from 0 to 1. */
  public double ringFill() {
    return captures.stream()
        .flatMap(each -> each.members().stream())
        .mapToDouble(MemberCounts::ringFill)
        .max()
        .orElse(0);
  }

  /** Whether Kafka has acknowledged nothing for ten seconds though frames wait for it. */
  public boolean isKafkaSilent() {
    return silentSeconds >= SILENCE_SECONDS;
  }
}
