package dev.ringtap.kafka.cli;

import java.util.logging.Formatter;
import java.util.logging.LogRecord;
import java.util.regex.Pattern;

/**
 * One line for each log record: time, level, the logger's name without its package, message, and
 * values as {@code name=value}. A stack trace follows only if there is one. Thread-safe.
 */
public final class LogFormatter extends Formatter {
  /** A value that is not one word. */
  private static final Pattern TO_BE_QUOTED = Pattern.compile("[\\s\"=]|^$");

  /** Made by java.util.logging, by its name in logging.properties. */
  public LogFormatter() {}

  @Override
  public String format(LogRecord log) {
    LogEvent event = LogEvent.of(log, this);
    StringBuilder line = new StringBuilder();
    line.append(event.message());
    event
        .values()
        .forEach((name, value) -> line.append(' ').append(name).append('=').append(quoted(value)));
    String text =
        event.time()
            + ' '
            + event.level()
            + ' '
            + event.logger()
            + ": "
            + TerminalText.line(line.toString())
            + System.lineSeparator();
    return log.getThrown() == null ? text : text + TerminalText.trace(log.getThrown());
  }

  private static String quoted(Object value) {
    String text = value.toString();
    return TO_BE_QUOTED.matcher(text).find()
        ? '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"'
        : text;
  }
}
