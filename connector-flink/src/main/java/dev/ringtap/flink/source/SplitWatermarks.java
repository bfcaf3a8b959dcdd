package dev.ringtap.flink.source;

import dev.ringtap.capture.BlockSource;
import java.io.IOException;

/**
 * The watermarks that a split has of its own: by what was read, whether it is emitted or not.
 * Immutable.
 */
final class SplitWatermarks {
  /** Of a split that has none: Flink's strategy makes them out of the elements. */
  static final SplitWatermarks NONE = new SplitWatermarks(false, 0, false);

  /** No watermark now. */
  static final long NOTHING = Long.MIN_VALUE;

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final boolean present;
  private final int delayMillis;
  private final boolean followClock;

  private SplitWatermarks(boolean present, int delayMillis, boolean followClock) {
    this.present = present;
    this.delayMillis = delayMillis;
    this.followClock = followClock;
  }

  static SplitWatermarks ofFile() {
    return new SplitWatermarks(true, 0, false);
  }

  /**
   * @param retireTimeoutMillis of the ring; processors may add frames out of order within it
   * @param kernelClock whether the frames' times are of the clock of this host
   */
  static SplitWatermarks ofCapture(int retireTimeoutMillis, boolean kernelClock) {
    return new SplitWatermarks(true, retireTimeoutMillis, kernelClock);
  }

  /** Whether the watermark goes on while no frame comes. */
  boolean followClock() {
    return followClock;
  }

  /** After a block whose last frame has this time. */
  long after(long timestampNanos) {
    return present ? before(timestampNanos / NANOS_PER_MILLI) : NOTHING;
  }

  /** With no block to take: the clock's, if the kernel has no frame in the ring. */
  long whenEmpty(BlockSource source) throws IOException {
    if (!followClock) {
      return NOTHING;
    }
    // before the counters are read: a frame that comes between is later than this
    long now = System.currentTimeMillis();
    return source.readStatistics().waiting() == 0 ? before(now) : NOTHING;
  }

  /** A watermark says that no element comes of its own millisecond. */
  private long before(long millis) {
    return millis - delayMillis - 1;
  }
}
