package dev.ringtap.registry;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A schema registry that does not do what it is asked for. The message says where and why. */
public final class RegistryException extends IOException {
  private static final long serialVersionUID = 1;

  /** What went wrong. */
  public enum Reason {
    /** No answer in time, or no connection. */
    UNREACHABLE,
    /** The login is missing or wrong, or it may not do this. */
    NO_PERMISSION,
    /** The subject's compatibility rule refuses the schema. */
    INCOMPATIBLE,
    /** There is no schema of that number. */
    NO_SUCH_SCHEMA,
    /** Any other answer. */
    REFUSED
  }

  private final Reason reason;

  RegistryException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** What went wrong. */
  public Reason reason() {
    return reason;
  }
}
