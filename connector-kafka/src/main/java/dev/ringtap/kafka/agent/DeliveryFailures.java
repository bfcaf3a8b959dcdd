package dev.ringtap.kafka.agent;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Counts frames that did not arrive, by reason. Logs a reason when it appears, and again when it
 * comes back after a minute without it. Thread-safe.
 */
final class DeliveryFailures {
  private static final System.Logger LOG = System.getLogger(DeliveryFailures.class.getName());
  private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

  private final Map<String, Reason> byReason = new ConcurrentHashMap<>();
  private final String capture;
  private final LongSupplier nanoClock;

  /**
   * @param capture the interface or the file, for the log
   */
  DeliveryFailures(String capture) {
    this(capture, System::nanoTime);
  }

  DeliveryFailures(String capture, LongSupplier nanoClock) {
    this.capture = capture;
    this.nanoClock = nanoClock;
  }

  private static final class Reason {
    private long frames;
    private long lastNanos;

    /** Whether these frames are the first, or the first for a minute. */
    synchronized boolean add(long more, long now) {
      boolean isNews = frames == 0 || now - lastNanos >= QUIET_NANOS;
      frames += more;
      lastNanos = now;
      return isNews;
    }

    synchronized long frames() {
      return frames;
    }
  }

  void add(String reason, long frames, String detail) {
    if (byReason
        .computeIfAbsent(reason, first -> new Reason())
        .add(frames, nanoClock.getAsLong())) {
      LOG.log(
          Level.WARNING,
          "frames are not delivered capture={0} reason={1} detail={2}",
          capture,
          reason,
          detail);
    }
  }

  Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    byReason.forEach((reason, count) -> counts.put(reason, count.frames()));
    return counts;
  }

  /** Frames of {@link #counts}, for any reason. */
  static long total(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
