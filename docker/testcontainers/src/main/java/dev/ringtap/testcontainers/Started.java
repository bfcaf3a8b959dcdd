package dev.ringtap.testcontainers;

import java.util.LinkedHashSet;
import java.util.Set;

/** The containers that the test in a thread has started. */
final class Started {
  private static final ThreadLocal<Set<RingtapContainer>> CONTAINERS = new ThreadLocal<>();

  private Started() {}

  /** A test begins in this thread. */
  static void begin() {
    CONTAINERS.set(new LinkedHashSet<>());
  }

  /** Notes a container, if a test has begun. */
  static void note(RingtapContainer container) {
    Set<RingtapContainer> started = CONTAINERS.get();
    if (started != null) {
      started.add(container);
    }
  }

  /** What has been started since the test began. */
  static Set<RingtapContainer> end() {
    Set<RingtapContainer> started = CONTAINERS.get();
    CONTAINERS.remove();
    return started == null ? new LinkedHashSet<>() : started;
  }
}
