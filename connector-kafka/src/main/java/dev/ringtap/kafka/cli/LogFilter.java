package dev.ringtap.kafka.cli;

import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.apache.kafka.common.errors.RetriableException;

/**
 * Leaves out what Kafka logs about a failure that it retries by itself, such as a request for a
 * topic that a broker does not know yet. What is not delivered in the end is in the ledger.
 * Thread-safe.
 */
public final class LogFilter implements Filter {
  /** Made by java.util.logging, by its name in logging.properties. */
  public LogFilter() {}

  @Override
  public boolean isLoggable(LogRecord log) {
    String logger = String.valueOf(log.getLoggerName());
    if (!logger.startsWith("org.apache.kafka.") && !logger.startsWith("kafka.")) {
      return true;
    }
    for (Throwable cause = log.getThrown(); cause != null; cause = cause.getCause()) {
      if (cause instanceof RetriableException) {
        return false;
      }
    }
    return true;
  }
}
