package dev.ringtap.capture;

import dev.ringtap.linux.LinuxException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the kernel's counters of all open rings about once a second, in one thread that ends with
 * the last of them: the counters have 32 bits and wrap unseen if a reader stalls for long enough.
 */
final class RingWatch {
  /** At the 150 million frames in a second of a 100 Gbit/s card the counters wrap after 28 s. */
  private static final long PERIOD_MILLIS = 1000;

  private static final Set<PacketRing> RINGS = new HashSet<>();

  private static @Nullable Thread thread;

  private RingWatch() {}

  static synchronized void add(PacketRing ring) {
    RINGS.add(ring);
    if (thread == null) {
      thread = new Thread(RingWatch::run, "ringtap-counters");
      thread.setDaemon(true);
      thread.start();
    }
  }

  static synchronized void remove(PacketRing ring) {
    RINGS.remove(ring);
    RingWatch.class.notifyAll();
  }

  private static void run() {
    for (List<PacketRing> rings = next(); !rings.isEmpty(); rings = next()) {
      for (PacketRing each : rings) {
        try {
          each.statisticsNow();
        } catch (LinuxException | RuntimeException e) {
          // the ring's reader reads them too, and throws this
        }
      }
    }
  }

  /** Waits for the next time to read; the thread ends if there is nothing to read. */
  private static synchronized List<PacketRing> next() {
    try {
      if (!RINGS.isEmpty()) {
        RingWatch.class.wait(PERIOD_MILLIS);
      }
    } catch (InterruptedException e) {
      // only the last ring's close ends this thread
    }
    if (RINGS.isEmpty()) {
      thread = null;
    }
    return List.copyOf(RINGS);
  }
}
