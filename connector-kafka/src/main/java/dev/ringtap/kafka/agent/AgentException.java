package dev.ringtap.kafka.agent;

import java.io.IOException;

/** A run that cannot start. The message says what failed, where, and what to do. */
public final class AgentException extends IOException {
  private static final long serialVersionUID = 1;

  AgentException(String message, Throwable cause) {
    super(message, cause);
  }
}
