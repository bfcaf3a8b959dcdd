package dev.ringtap.kafka.agent;

import java.io.IOException;
import org.apache.kafka.common.KafkaException;

/** A run that cannot start. The message says what failed, where, and what to do. */
public final class AgentException extends IOException {
  private static final long serialVersionUID = 1;

  AgentException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Says what cannot be, and why; the innermost of Kafka's exceptions are the clear ones. */
  static AgentException of(String what, KafkaException e) {
    Throwable innermost = e;
    while (innermost.getCause() instanceof KafkaException) {
      innermost = innermost.getCause();
    }
    Throwable reason = innermost.getCause();
    String why = innermost.getMessage();
    if (reason != null && !why.contains(String.valueOf(reason.getMessage()))) {
      why += ": " + reason.getMessage();
    }
    return new AgentException(what + ": " + why, e);
  }
}
