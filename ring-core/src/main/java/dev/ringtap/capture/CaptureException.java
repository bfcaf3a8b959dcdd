package dev.ringtap.capture;

import java.io.IOException;

/** A capture that cannot start or go on. The message says what failed, on what, and what to do. */
public final class CaptureException extends IOException {
  private static final long serialVersionUID = 1;

  /** Why it failed, for callers that decide by it. */
  public enum Reason {
    /** CAP_NET_RAW is missing. */
    NO_PERMISSION,
    /** No interface has the name, or it went away. */
    NO_SUCH_INTERFACE,
    /** The interface is not up. */
    INTERFACE_DOWN,
    /** The filter asks for what the kernel cannot look at on this interface. */
    UNSUPPORTED_FILTER,
    /** The kernel has no memory for the ring. */
    RING_TOO_LARGE,
    /** No packet sockets here: not Linux, or a kernel without them. */
    UNSUPPORTED_SYSTEM,
    /** Anything else that the kernel refused. */
    SYSTEM
  }

  private final Reason reason;

  CaptureException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  CaptureException(Reason reason, String message) {
    this(reason, message, null);
  }

  /** Why it failed. */
  public Reason reason() {
    return reason;
  }
}
