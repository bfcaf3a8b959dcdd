package dev.ringtap.kafka.cli;

import java.text.MessageFormat;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A log record as an event and its values: in a message {@code went down interface={0}} the first
 * parameter is the value of {@code interface}.
 *
 * @param time date, time and zone
 * @param level what an operator must do: ERROR, WARN, INFO, DEBUG
 * @param logger its name without its package
 * @param message the message without the values
 * @param values in the order of the message; numbers, otherwise strings
 */
record LogEvent(
    String time, String level, String logger, String message, Map<String, Object> values) {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSxxx").withZone(ZoneId.systemDefault());

  private static final Pattern VALUE = Pattern.compile(" (\\w+)=\\{(\\d{1,2})}");

  static LogEvent of(LogRecord log, Formatter formatter) {
    String logger = String.valueOf(log.getLoggerName());
    Map<String, Object> values = new LinkedHashMap<>();
    String rest = withoutValues(log, values);
    String message =
        values.isEmpty()
            ? formatter.formatMessage(log)
            : MessageFormat.format(rest, log.getParameters());
    return new LogEvent(
        TIME.format(log.getInstant()),
        name(log.getLevel()),
        logger.substring(logger.lastIndexOf('.') + 1),
        message,
        values);
  }

  /** Only a message that has parameters is a pattern. */
  private static String withoutValues(LogRecord log, Map<String, Object> values) {
    Object[] parameters = log.getParameters();
    String pattern = String.valueOf(log.getMessage());
    if (parameters == null || parameters.length == 0) {
      return pattern;
    }
    Matcher matcher = VALUE.matcher(pattern);
    StringBuilder rest = new StringBuilder();
    while (matcher.find()) {
      int number = Integer.parseInt(matcher.group(2));
      if (number < parameters.length) {
        Object value = parameters[number];
        values.put(matcher.group(1), value instanceof Number ? value : String.valueOf(value));
        matcher.appendReplacement(rest, "");
      }
    }
    return matcher.appendTail(rest).toString();
  }

  private static String name(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARN";
    }
    return level.intValue() >= Level.CONFIG.intValue() ? "INFO" : "DEBUG";
  }
}
