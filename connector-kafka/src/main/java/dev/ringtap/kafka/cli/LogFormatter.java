package dev.ringtap.kafka.cli;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/**
 * One line for each log record: time, level, the logger's name without its package, message. A
 * stack trace follows only where there is one. Thread-safe.
 */
public final class LogFormatter extends Formatter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  /** Made by java.util.logging, by its name in logging.properties. */
  public LogFormatter() {}

  @Override
  public String format(LogRecord log) {
    String logger = String.valueOf(log.getLoggerName());
    StringBuilder line = new StringBuilder();
    line.append(TIME.format(log.getInstant()))
        .append(' ')
        .append(log.getLevel().getName())
        .append(' ')
        .append(logger.substring(logger.lastIndexOf('.') + 1))
        .append(": ")
        .append(TerminalText.line(formatMessage(log)))
        .append(System.lineSeparator());
    if (log.getThrown() != null) {
      line.append(TerminalText.trace(log.getThrown()));
    }
    return line.toString();
  }
}
