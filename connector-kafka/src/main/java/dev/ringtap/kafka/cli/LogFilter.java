package dev.ringtap.kafka.cli;

import java.util.Map;
import java.util.logging.Filter;
import java.util.logging.LogRecord;

/**
 * Drops what an embedded broker warns of at each start and stop though nothing is wrong. The same
 * loggers' other warnings pass. Thread-safe.
 */
public final class LogFilter implements Filter {
  private static final Map<String, String> NOTHING_WRONG =
      Map.of(
          "org.apache.kafka.controller.QuorumController",
          "Performing controller activation.",
          "org.apache.kafka.clients.NetworkClient",
          "Attempting to close NetworkClient that has already been closed.");

  /** Made by java.util.logging, by its name in logging.properties. */
  public LogFilter() {}

  @Override
  public boolean isLoggable(LogRecord log) {
    String known = log.getLoggerName() == null ? null : NOTHING_WRONG.get(log.getLoggerName());
    return known == null || log.getMessage() == null || !log.getMessage().contains(known);
  }
}
