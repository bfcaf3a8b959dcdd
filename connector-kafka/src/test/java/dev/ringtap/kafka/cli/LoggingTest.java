package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Properties;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LoggingTest {
  @Test
  void propertiesNameClassesThatAreThere() throws Exception {
    Properties properties = new Properties();
    try (InputStream in = Main.class.getResourceAsStream("/logging.properties")) {
      properties.load(in);
    }
    assertThat(properties)
        .containsEntry("java.util.logging.ConsoleHandler.formatter", LogFormatter.class.getName())
        .containsEntry("java.util.logging.ConsoleHandler.filter", LogFilter.class.getName());
  }

  @Test
  void leavesOutWhatKafkaRetries() {
    LogRecord log = record("kafka.server.KafkaApis", "Unexpected error handling request");
    assertThat(new LogFilter().isLoggable(log)).isTrue();
    log.setThrown(new IOException("no space left on device"));
    assertThat(new LogFilter().isLoggable(log)).isTrue();
    log.setThrown(new CompletionException(new UnknownTopicOrPartitionException("packets-0")));
    assertThat(new LogFilter().isLoggable(log)).isFalse();
    log.setLoggerName("dev.ringtap.kafka.agent.CaptureAgent");
    assertThat(new LogFilter().isLoggable(log)).isTrue();
  }

  @Test
  void writesOneLine() {
    LogRecord log = record("org.apache.kafka.clients.NetworkClient", "Connection {0} lost");
    log.setParameters(new Object[] {7});
    log.setInstant(Instant.parse("2026-01-01T00:00:00.5Z"));

    assertThat(new LogFormatter().format(log))
        .matches("\\d\\d:\\d\\d:00\\.500 WARNING NetworkClient: Connection 7 lost\\R");
  }

  private static LogRecord record(String logger, String message) {
    LogRecord log = new LogRecord(Level.WARNING, message);
    log.setLoggerName(logger);
    return log;
  }
}
