package dev.ringtap.kafka.agent;

import java.io.IOException;
import java.util.Objects;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;

/** A run that cannot start. The message says what failed, where, and what to do. */
public final class AgentException extends IOException {
  private static final long serialVersionUID = 1;

  private final boolean temporary;

  AgentException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private AgentException(String message, @Nullable Throwable cause, boolean temporary) {
    super(message, cause);
    this.temporary = temporary;
  }

  /** One that may pass by itself: what is missing may yet start. */
  static AgentException temporary(String message, Throwable cause) {
    return new AgentException(message, cause, true);
  }

  /**
   * One line about a failure; one that is no {@link IOException} is a bug, and has its class too.
   */
  public static String sentence(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof IOException && message != null ? message : failure.toString();
  }

  /** What a failure says of itself; its class, if it has no message. */
  public static String message(Throwable failure) {
    return Objects.requireNonNullElse(failure.getMessage(), failure.getClass().getSimpleName());
  }

  boolean isTemporary() {
    return temporary;
  }

  /** Says what cannot be, and why; the innermost of Kafka's exceptions are the clear ones. */
  static AgentException of(String what, KafkaException e) {
    Throwable innermost = e;
    while (innermost.getCause() instanceof KafkaException) {
      innermost = innermost.getCause();
    }
    Throwable reason = innermost.getCause();
    String why = message(innermost);
    if (reason != null && !why.contains(message(reason))) {
      why += ": " + message(reason);
    }
    return new AgentException(what + ": " + why, e, mayPass(innermost));
  }

  /** Names that no server knows yet, and a cluster of which not all brokers are there. */
  private static boolean mayPass(Throwable innermost) {
    return innermost instanceof RetriableException
        || innermost instanceof InvalidReplicationFactorException
        || innermost instanceof ConfigException
            && message(innermost).startsWith("No resolvable bootstrap urls");
  }
}
