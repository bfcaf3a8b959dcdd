package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Waits for one descriptor and can be woken from any thread.
 *
 * <p>{@link #await} is for one thread at a time, {@link #wake} for any; close it when no thread
 * waits.
 */
public final class Poller implements AutoCloseable {
  private static final int WATCHED = 0;
  private static final int WAKE = 1;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = Libc.callState(arena);
  private final MemorySegment pollfds = arena.allocate(2L * Pollfd.BYTES, 8);
  private final MemorySegment counter = arena.allocate(JAVA_LONG);
  private final MemorySegment one = arena.allocateFrom(JAVA_LONG, 1);
  private final @Nullable Fd watched;
  private final Fd wake;

  /** What ended a wait. */
  public enum Event {
    /** The time passed, or {@link #wake} was called. */
    NONE,
    /** The descriptor is readable. */
    READABLE,
    /** The descriptor has an error to fetch. */
    ERROR
  }

  public Poller(@Nullable Fd watched) throws LinuxException {
    this.watched = watched;
    this.wake = Libc.eventfd();
  }

  /** One that watches nothing, and so is waited for with {@code watch} false. */
  public static Poller ofNothing() throws LinuxException {
    return new Poller(null);
  }

  /**
   * Waits until the descriptor has an event, {@link #wake} was called, or the time has passed.
   *
   * @param watch whether to look at the descriptor; otherwise only {@link #wake} ends the wait
   *     early
   */
  public Event await(int timeoutMillis, boolean watch) throws LinuxException {
    // poll skips negative descriptors
    Pollfd.write(pollfds, WATCHED, watch && watched != null ? watched.number() : -1, Libc.POLLIN);
    Pollfd.write(pollfds, WAKE, wake.number(), Libc.POLLIN);
    if (Libc.poll(state, pollfds, timeoutMillis) == 0) {
      return Event.NONE;
    }
    if (Pollfd.revents(pollfds, WAKE) != 0) {
      Libc.read(wake, counter, "eventfd");
    }
    int events = Pollfd.revents(pollfds, WATCHED);
    if ((events & ~Libc.POLLIN) != 0) {
      return Event.ERROR;
    }
    return events != 0 ? Event.READABLE : Event.NONE;
  }

  /** Ends the current wait, or the next one if no thread waits. */
  public void wake() throws LinuxException {
    Libc.write(wake, one, "eventfd");
  }

  @Override
  public void close() {
    wake.close();
    arena.close();
  }
}
