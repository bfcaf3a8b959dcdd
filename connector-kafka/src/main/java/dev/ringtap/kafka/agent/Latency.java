package dev.ringtap.kafka.agent;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How long something took, as a histogram.
 *
 * @param counts how often, for each of {@link #BOUNDS_SECONDS} and for what took longer; of each
 *     bucket alone, not cumulative
 * @param sumNanos of all
 */
public record Latency(List<Long> counts, long sumNanos) {
  /** The first bound; each of the others is twice the one before. */
  private static final long FIRST_BOUND_NANOS = 250_000;

  static final int BUCKETS = 20;

  /** Upper bounds of all buckets except the last: 0.25 ms to 65.5 s. */
  public static final List<Double> BOUNDS_SECONDS =
      IntStream.range(0, BUCKETS - 1).mapToObj(i -> (FIRST_BOUND_NANOS << i) / 1e9).toList();

  /** Copies the counts. */
  public Latency {
    counts = List.copyOf(counts);
  }

  Latency(long[] counts, long sumNanos) {
    this(LongStream.of(counts).boxed().toList(), sumNanos);
  }

  /** The bucket of a duration. */
  static int bucket(long nanos) {
    long bounds = (nanos - 1) / FIRST_BOUND_NANOS;
    return nanos <= FIRST_BOUND_NANOS
        ? 0
        : Math.min(Long.SIZE - Long.numberOfLeadingZeros(bounds), BUCKETS - 1);
  }
}
