package dev.ringtap.flink.flow;

/** Flink's milliseconds and the nanoseconds of packets. */
public final class FlowTime {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private FlowTime() {}

  /** The last nanosecond that a watermark has passed. */
  public static long lastNanos(long watermark) {
    if (watermark == Long.MAX_VALUE) {
      return Long.MAX_VALUE;
    }
    return watermark < 0 ? -1 : (watermark + 1) * NANOS_PER_MILLI - 1;
  }

  /** The watermark that passes a time in nanoseconds; the greatest stays what it is. */
  public static long millis(long nanos) {
    return nanos == Long.MAX_VALUE ? nanos : Math.floorDiv(nanos, NANOS_PER_MILLI);
  }

  /** When to look again, in ms: at a time, or with the next watermark if it has passed. */
  public static long timer(long millis, long watermark) {
    return Math.max(millis, watermark + 1);
  }
}
