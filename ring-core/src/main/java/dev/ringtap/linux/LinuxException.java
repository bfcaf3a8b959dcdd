package dev.ringtap.linux;

import java.io.IOException;

/** A system call that failed. */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1;

  private final int errno;

  LinuxException(String operation, int errno) {
    super(operation + ": " + Libc.strerror(errno) + " (errno " + errno + ")");
    this.errno = errno;
  }

  /** The call's errno; compare with {@link Errno}. */
  public int errno() {
    return errno;
  }
}
