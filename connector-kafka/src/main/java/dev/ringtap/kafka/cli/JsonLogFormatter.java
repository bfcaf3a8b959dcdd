package dev.ringtap.kafka.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/**
 * One JSON object on one line for each log record: time, level, logger, message, the message's
 * values under their own names, and the stack trace if there is one. Thread-safe.
 */
public final class JsonLogFormatter extends Formatter {
  /** In ASCII: nothing in it controls a terminal. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** May be named in a logging.properties. */
  public JsonLogFormatter() {}

  @Override
  public String format(LogRecord log) {
    LogEvent event = LogEvent.of(log, this);
    Map<String, Object> fields = new LinkedHashMap<>(event.values());
    // these win over values of the same names
    fields.put("time", event.time());
    fields.put("level", event.level());
    fields.put("logger", event.logger());
    fields.put("message", event.message());
    if (log.getThrown() != null) {
      StringWriter trace = new StringWriter();
      log.getThrown().printStackTrace(new PrintWriter(trace, true));
      fields.put("stack", trace.toString());
    }
    try {
      return JSON.writeValueAsString(fields) + '\n';
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers are always JSON", e);
    }
  }
}
