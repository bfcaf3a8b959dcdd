package dev.ringtap.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The percentiles of a run, in milliseconds. Immutable. */
public final class Latencies {
  /** What {@link #millis} and {@link #cells} have, one title for each. */
  public static final List<String> TITLES = List.of("50 %", "90 %", "99 %", "99.9 %", "most");

  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

  private final double[] millis = new double[PERCENTILES.length];

  private Latencies(long[] sortedNanos) {
    for (int i = 0; i < millis.length; i++) {
      int rank = (int) Math.ceil(sortedNanos.length * PERCENTILES[i] / 100);
      millis[i] = sortedNanos[Math.max(rank, 1) - 1] / 1e6;
    }
  }

  /** Of one or more values in any order. */
  public static Latencies ofNanos(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latencies(sorted);
  }

  /** For a chart. */
  public double[] millis() {
    return millis.clone();
  }

  /** For a table. */
  public List<String> cells() {
    return Arrays.stream(millis)
        .mapToObj(each -> String.format(Locale.ROOT, "%.2f ms", each))
        .toList();
  }
}
