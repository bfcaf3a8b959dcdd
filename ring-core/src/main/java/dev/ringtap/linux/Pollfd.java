package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * An entry of poll's list, from {@code <poll.h>}:
 *
 * <pre>{@code
 * struct pollfd { int fd; short events; short revents; };
 * }</pre>
 */
final class Pollfd {
  static final int BYTES = 8;

  static final long FD = 0;
  static final long EVENTS = 4;
  static final long REVENTS = 6;

  private Pollfd() {}

  static void write(MemorySegment list, int index, int fd, int events) {
    long at = (long) index * BYTES;
    list.set(JAVA_INT, at + FD, fd);
    list.set(JAVA_SHORT, at + EVENTS, (short) events);
    list.set(JAVA_SHORT, at + REVENTS, (short) 0);
  }

  static int revents(MemorySegment list, int index) {
    return list.get(JAVA_SHORT, (long) index * BYTES + REVENTS);
  }
}
