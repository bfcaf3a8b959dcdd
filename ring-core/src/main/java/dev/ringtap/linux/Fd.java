package dev.ringtap.linux;

/** An open file descriptor. Closing it again has no effect. Thread-safe. */
public final class Fd implements AutoCloseable {
  private final int number;
  private boolean closed;

  Fd(int number) {
    this.number = number;
  }

  /** The descriptor, for a system call. */
  synchronized int number() {
    if (closed) {
      throw new IllegalStateException("file descriptor " + number + " was closed");
    }
    return number;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Libc.close(number);
    }
  }
}
