package dev.ringtap.capture;

import dev.ringtap.linux.Errno;
import dev.ringtap.linux.LinuxException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A capture that cannot start or go on. The message says what failed, on what, and what to do. */
public final class CaptureException extends IOException {
  private static final long serialVersionUID = 1;

  /** Why it failed, for callers that decide by it. */
  public enum Reason {
    /** CAP_NET_RAW is missing. */
    NO_PERMISSION,
    /** No interface has the name, or it went away. */
    NO_SUCH_INTERFACE,
    /** No network namespace has the name, or it went away. */
    NO_SUCH_NAMESPACE,
    /** The interface is not up. */
    INTERFACE_DOWN,
    /** The filter asks for what the kernel cannot look at on this interface. */
    UNSUPPORTED_FILTER,
    /** The fanout group is not to be had as asked for. */
    FANOUT_REFUSED,
    /** The kernel has no memory for the ring. */
    RING_TOO_LARGE,
    /** No packet sockets here: not Linux, or a kernel without them. */
    UNSUPPORTED_SYSTEM,
    /** Anything else that the kernel refused. */
    SYSTEM
  }

  /** A command that runs another with CAP_NET_RAW as its only capability, as the calling user. */
  private static final String PERMISSION_COMMAND =
      "sudo setpriv --reuid=$(id -u) --regid=$(id -g) --init-groups"
          + " --inh-caps=+net_raw --ambient-caps=+net_raw COMMAND";

  private final Reason reason;

  CaptureException(Reason reason, @Nullable String message, @Nullable Throwable cause) {
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

  /** Whether only the interface or its network namespace is missing or down, and may come. */
  public boolean isInterfaceAway() {
    return reason == Reason.NO_SUCH_INTERFACE
        || reason == Reason.NO_SUCH_NAMESPACE
        || reason == Reason.INTERFACE_DOWN;
  }

  /** What the kernel refused, in words that say what to do. */
  static CaptureException of(LinuxException e, String name) {
    return switch (e.errno()) {
      case Errno.EPERM, Errno.EACCES ->
          new CaptureException(
              Reason.NO_PERMISSION,
              ("no permission to capture on %s: CAP_NET_RAW is missing. In a container start it"
                      + " with --cap-add NET_RAW; elsewhere run as root, or grant just that to your user:"
                      + " %s")
                  .formatted(name, PERMISSION_COMMAND),
              e);
      case Errno.EAFNOSUPPORT ->
          new CaptureException(
              Reason.UNSUPPORTED_SYSTEM,
              "this kernel has no packet sockets (WSL 1 and gVisor have none): " + e.getMessage(),
              e);
      case Errno.ENETDOWN ->
          new CaptureException(Reason.INTERFACE_DOWN, "interface " + name + " is down", e);
      case Errno.ENODEV ->
          new CaptureException(Reason.NO_SUCH_INTERFACE, "interface " + name + " went away", e);
      default ->
          new CaptureException(Reason.SYSTEM, "capture on " + name + ": " + e.getMessage(), e);
    };
  }
}
