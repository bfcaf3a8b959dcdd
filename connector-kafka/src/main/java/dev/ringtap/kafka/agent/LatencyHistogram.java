package dev.ringtap.kafka.agent;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Durations by powers of two. One thread adds to it, any thread reads; nothing is allocated. */
final class LatencyHistogram {
  private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(long[].class);

  private final long[] counts = new long[Latency.BUCKETS];
  private final Count nanos = new Count();

  /**
   * @param latencyNanos what is negative, because two clocks differ, counts as 0
   */
  void add(long latencyNanos) {
    int bucket = Latency.bucket(latencyNanos);
    nanos.add(Math.max(0, latencyNanos));
    COUNT.setRelease(counts, bucket, counts[bucket] + 1);
  }

  Latency snapshot() {
    long[] copy = new long[counts.length];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = (long) COUNT.getAcquire(counts, i);
    }
    return new Latency(copy, nanos.get());
  }
}
