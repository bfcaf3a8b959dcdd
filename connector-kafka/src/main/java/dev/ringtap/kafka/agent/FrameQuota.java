package dev.ringtap.kafka.agent;

import java.util.concurrent.atomic.AtomicLong;

/** How many frames a run may take, over all its pumps. Thread-safe. */
final class FrameQuota {
  private final boolean limited;
  private final AtomicLong left;

  /**
   * @param frames 0 for no limit
   */
  FrameQuota(long frames) {
    limited = frames > 0;
    left = new AtomicLong(frames);
  }

  /** Takes one frame of it; false if there is none left. */
  boolean takeOne() {
    return !limited || left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
  }

  boolean isUsedUp() {
    return limited && left.get() == 0;
  }
}
