package dev.ringtap.bench;

import java.util.ArrayList;
import java.util.List;

/** Where a value stands between the two ends of a scale. */
final class Axis {
  private final boolean logarithmic;
  private final double least;
  private final double most;

  private Axis(boolean logarithmic, double least, double most) {
    this.logarithmic = logarithmic;
    this.least = least;
    this.most = most;
  }

  /** From 0. */
  static Axis linear(double most) {
    return new Axis(false, 0, most);
  }

  /** From the power of ten at or below the least value, which is more than 0. */
  static Axis logarithmic(double least, double most) {
    double floor = Math.pow(10, Math.floor(Math.log10(least)));
    return new Axis(true, floor, Math.max(most, floor * 10));
  }

  /** 0 to 1. */
  double position(double value) {
    return logarithmic
        ? Math.log(Math.max(value, least) / least) / Math.log(most / least)
        : value / most;
  }

  /** Round values for lines across the chart. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      for (double tick = least; tick <= most * 1.0001; tick *= 10) {
        ticks.add(tick);
      }
      return ticks;
    }
    double power = Math.pow(10, Math.floor(Math.log10(most)));
    double step = most / power >= 5 ? power : most / power >= 2 ? power / 2 : power / 5;
    for (double tick = 0; tick <= most * 1.0001; tick += step) {
      ticks.add(tick);
    }
    return ticks;
  }
}
