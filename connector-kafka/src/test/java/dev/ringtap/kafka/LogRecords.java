package dev.ringtap.kafka;

import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a class logs, until this is closed. */
public final class LogRecords extends Handler {
  private final List<LogRecord> records = new ArrayList<>();
  private final Logger logger;

  /** Of a class, and of nothing else. */
  public LogRecords(Class<?> of) {
    logger = Logger.getLogger(of.getName());
    logger.addHandler(this);
  }

  @Override
  public synchronized void publish(LogRecord log) {
    records.add(log);
  }

  /** The messages so far, with their values. */
  public synchronized List<String> messages() {
    return records.stream()
        .map(each -> new MessageFormat(each.getMessage()).format(strings(each.getParameters())))
        .toList();
  }

  private static Object[] strings(Object[] values) {
    Object[] strings = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      strings[i] = String.valueOf(values[i]);
    }
    return strings;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}
