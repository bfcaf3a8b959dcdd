package dev.ringtap.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Repeated measurements of one figure. Immutable. */
public final class Samples {
  private final double[] sorted;

  private Samples(double[] sorted) {
    if (sorted.length == 0) {
      throw new IllegalArgumentException("no samples");
    }
    this.sorted = sorted;
  }

  /** The figures of all rounds, in any order. */
  public static Samples of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Samples(sorted);
  }

  /** The figures of all rounds, in any order. */
  public static Samples of(DoubleStream values) {
    return of(values.toArray());
  }

  /** Least of all. */
  public double min() {
    return sorted[0];
  }

  /** The one in the middle, or the mean of the two that are. */
  public double median() {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Most of all. */
  public double max() {
    return sorted[sorted.length - 1];
  }

  /** Median, least and most: {@code 24.4 (23.9–27.0)}, digits by size. */
  @Override
  public String toString() {
    return number(median()) + " (" + number(min()) + "–" + number(max()) + ")";
  }

  /** A figure with three digits that count, or all that stand before the point. */
  public static String number(double value) {
    double size = Math.abs(value);
    int decimals = size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 0.995 ? 2 : 3;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }
}
