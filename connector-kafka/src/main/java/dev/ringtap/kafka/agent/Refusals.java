package dev.ringtap.kafka.agent;

import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts frames that did not arrive, by reason, and logs each reason once. Thread-safe. */
final class Refusals {
  private static final System.Logger LOG = System.getLogger(Refusals.class.getName());

  private final Map<String, LongAdder> byReason = new ConcurrentHashMap<>();

  void add(String reason, long frames, String detail) {
    byReason
        .computeIfAbsent(
            reason,
            first -> {
              LOG.log(Level.WARNING, "frames are refused, counted as {0}: {1}", reason, detail);
              return new LongAdder();
            })
        .add(frames);
  }

  Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    byReason.forEach((reason, count) -> counts.put(reason, count.sum()));
    return counts;
  }
}
