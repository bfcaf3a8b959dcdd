package dev.ringtap.flow;

import java.time.Duration;

/**
 * What bounds a table of flows.
 *
 * @param capacity flows that are open at once; 1 to {@value #MAX_CAPACITY}
 * @param idle a flow without a frame for so long ends; 1 ms to 1 day. A TCP connection whose end
 *     was seen ends after an eighth of it.
 * @param active a flow that goes on for longer is exported in parts of that length; from {@code
 *     idle} to 1 day
 */
public record FlowLimits(int capacity, Duration idle, Duration active) {
  /** Most flows of a table. */
  public static final int MAX_CAPACITY = 1 << 24;

  private static final Duration MIN_TIME = Duration.ofMillis(1);
  private static final Duration MAX_TIME = Duration.ofDays(1);

  /** The limits unless told otherwise: 65,536 flows, 15 s, 60 s. */
  public static final FlowLimits DEFAULT =
      new FlowLimits(1 << 16, Duration.ofSeconds(15), Duration.ofSeconds(60));

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if one is exceeded; the message names it
   */
  public FlowLimits {
    if (capacity < 1 || capacity > MAX_CAPACITY) {
      throw new IllegalArgumentException(
          "a table of " + capacity + " flows; expected 1 to " + MAX_CAPACITY);
    }
    requireRange("idle", idle, MIN_TIME);
    requireRange("active", active, idle);
  }

  /** Bytes that a table takes from the heap, nearly all of them at its start. */
  public long memoryBytes() {
    return Long.BYTES
        * (capacity * (Biflow.WORDS + 2L) + ((long) Integer.highestOneBit(capacity) << 2));
  }

  private static void requireRange(String name, Duration time, Duration least) {
    if (time.compareTo(least) < 0 || time.compareTo(MAX_TIME) > 0) {
      throw new IllegalArgumentException(
          "%s time-out of %s; expected %s to %s"
              .formatted(name, text(time), text(least), text(MAX_TIME)));
    }
  }

  private static String text(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
