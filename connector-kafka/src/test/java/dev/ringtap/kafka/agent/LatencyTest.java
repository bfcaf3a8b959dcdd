package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(10)
class LatencyTest {
  private static final int OVERFLOW = Latency.BOUNDS_SECONDS.size();

  @Test
  void boundsAreFromAQuarterOfAMillisecondToAMinute() {
    assertThat(Latency.BOUNDS_SECONDS).isSorted().startsWith(0.00025, 0.0005, 0.001);
    assertThat(Latency.BOUNDS_SECONDS).endsWith(32.768, 65.536);
  }

  /** A bound belongs to its bucket, as Prometheus has it: le is less or equal. */
  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 1, 249_999, 250_000, 250_001, 500_000, 500_001, 1_000_000})
  @ValueSource(longs = {1_000_001, 65_536_000_000L, 65_536_000_001L, Long.MAX_VALUE})
  void aDurationIsInTheFirstBucketThatHasRoomForIt(long nanos) {
    int bucket = Latency.bucket(nanos);
    if (bucket < OVERFLOW) {
      assertThat(nanos / 1e9).isLessThanOrEqualTo(Latency.BOUNDS_SECONDS.get(bucket));
    }
    if (bucket > 0) {
      assertThat(nanos / 1e9).isGreaterThan(Latency.BOUNDS_SECONDS.get(bucket - 1));
    }
  }

  @Test
  void aHistogramHasCountsAndSum() {
    LatencyHistogram histogram = new LatencyHistogram();
    histogram.add(-5);
    histogram.add(300_000);
    histogram.add(400_000);
    histogram.add(100_000_000_000L);
    Latency latency = histogram.snapshot();
    assertThat(latency.counts()).hasSize(OVERFLOW + 1).startsWith(1L, 2L, 0L).endsWith(0L, 1L);
    assertThat(latency.counts()).satisfies(all -> assertThat(sum(all)).isEqualTo(4));
    assertThat(latency.sumNanos()).isEqualTo(100_000_700_000L);
  }

  private static long sum(Iterable<? extends Long> counts) {
    long sum = 0;
    for (long each : counts) {
      sum += each;
    }
    return sum;
  }
}
