package dev.ringtap.testcontainers;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;

/** The containers that the tests in a thread have started. */
final class Started {
  /**
   * The innermost test is first: JUnit's thread pool for parallel tests may run a second test in
   * the thread of one that waits.
   */
  private static final ThreadLocal<Deque<Set<RingtapContainer>>> TESTS =
      ThreadLocal.withInitial(ArrayDeque::new);

  private Started() {}

  /** A test begins in this thread. */
  static void begin() {
    TESTS.get().push(new LinkedHashSet<>());
  }

  /** Notes a container, if a test has begun. */
  static void note(RingtapContainer container) {
    Set<RingtapContainer> started = TESTS.get().peek();
    if (started != null) {
      started.add(container);
    }
  }

  /** What the test that began last has started. */
  static Set<RingtapContainer> end() {
    Set<RingtapContainer> started = TESTS.get().poll();
    if (TESTS.get().isEmpty()) {
      TESTS.remove();
    }
    return started == null ? new LinkedHashSet<>() : started;
  }
}
