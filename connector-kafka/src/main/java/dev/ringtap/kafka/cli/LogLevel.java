package dev.ringtap.kafka.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/** The least level of the events that are logged. */
enum LogLevel {
  ERROR(Level.SEVERE),
  WARNING(Level.WARNING),
  INFO(Level.INFO),
  DEBUG(Level.FINE);

  /** A field, because a logger without a reference to it forgets its level. */
  private static final Logger OURS = Logger.getLogger("dev.ringtap");

  private final Level level;

  LogLevel(Level level) {
    this.level = level;
  }

  /** From now on Ringtap logs events of this level and above. */
  void use() {
    OURS.setLevel(level);
  }
}
