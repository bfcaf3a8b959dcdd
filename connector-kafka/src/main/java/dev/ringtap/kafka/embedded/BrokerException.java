package dev.ringtap.kafka.embedded;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A broker that cannot start or go on. The message says what failed, where, and what to do. */
public final class BrokerException extends IOException {
  private static final long serialVersionUID = 1;

  /** Why it failed, for callers that decide by it. */
  public enum Reason {
    /** Another program listens on the port. */
    PORT_IN_USE,
    /** Another broker, in this process or another one, works on the directory. */
    DIRECTORY_IN_USE,
    /** The directory cannot be made or written. */
    DIRECTORY_NOT_WRITABLE,
    /** The directory holds something that no Ringtap broker put there. */
    DIRECTORY_FOREIGN,
    /** Anything else that made Kafka give up. */
    KAFKA
  }

  private final Reason reason;

  BrokerException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why it failed. */
  public Reason reason() {
    return reason;
  }
}
