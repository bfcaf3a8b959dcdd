package dev.ringtap.kafka.cli;

import java.util.logging.LogManager;

/**
 * Keeps the log's handlers until the process ends. The JDK's own manager closes them as soon as a
 * signal comes, and what a command logs while it stops is lost, its ledger too. Thread-safe.
 */
public final class KeptLogManager extends LogManager {
  private volatile boolean kept;

  /** The JDK makes it, by its name. */
  public KeptLogManager() {}

  /** From now on nothing closes the handlers. */
  static void keep() {
    if (LogManager.getLogManager() instanceof KeptLogManager manager) {
      manager.kept = true;
    }
  }

  @Override
  public void reset() {
    if (!kept) {
      super.reset();
    }
  }
}
