package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith("org.apache.kafka.")) {
        Class.forName(name.replace(".level", ""), false, Main.class.getClassLoader());
      }
    }
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

  private static final String TIME = "2026-01-01T\\d\\d:\\d\\d:00\\.500[+-]\\d\\d:\\d\\d";

  private static LogRecord event(String message, Object... values) {
    LogRecord log = record("org.apache.kafka.clients.NetworkClient", message);
    log.setParameters(values);
    log.setInstant(Instant.parse("2026-01-01T00:00:00.5Z"));
    return log;
  }

  @Test
  void writesOneLineWithDateAndZone() {
    assertThat(new LogFormatter().format(event("Connection {0} lost", 7)))
        .matches(TIME + " WARN NetworkClient: Connection 7 lost\\R");
  }

  @Test
  void valuesFollowTheMessage() {
    LogRecord log = event("it''s down, state={1} of {0} port={2}", "eth0", "a \"b\\", 65_535);
    assertThat(new LogFormatter().format(log))
        .matches(
            TIME
                + " WARN NetworkClient: it's down, of eth0 state=\"a \\\\\"b\\\\\\\\\" port=65535\\R");
  }

  /** What comes from outside cannot look like another value or another line. */
  @Test
  void aValueIsOneValue() {
    LogRecord log = event("failed reason={0}", "no\n2026-01-01 ERROR x=1");
    assertThat(new LogFormatter().format(log))
        .endsWith("failed reason=\"no 2026-01-01 ERROR x=1\"" + System.lineSeparator());
  }

  @Test
  void aMessageWithoutParametersIsNoPattern() {
    assertThat(new LogFormatter().format(event("it''s {0} a={1}"))).contains(": it''s {0} a={1}");
  }

  @Test
  void jsonIsOneObjectALine() throws IOException {
    LogRecord log =
        event("went down on {0} state={1} frames={2} level={0}", "eth0", "a\nb", 70_000);
    log.setThrown(new IllegalStateException("gone"));
    String line = new JsonLogFormatter().format(log);
    assertThat(line).endsWith("}\n").hasLineCount(1);
    JsonNode json = new ObjectMapper().readTree(line);
    assertThat(json.get("time").asText()).matches(TIME);
    assertThat(json.get("level").asText()).isEqualTo("WARN");
    assertThat(json.get("logger").asText()).isEqualTo("NetworkClient");
    assertThat(json.get("message").asText()).isEqualTo("went down on eth0");
    assertThat(json.get("state").asText()).isEqualTo("a\nb");
    assertThat(json.get("frames").isIntegralNumber()).isTrue();
    assertThat(json.get("frames").asInt()).isEqualTo(70_000);
    assertThat(json.get("stack").asText())
        .startsWith("java.lang.IllegalStateException: gone\n\tat");
  }

  private static LogRecord record(String logger, String message) {
    LogRecord log = new LogRecord(Level.WARNING, message);
    log.setLoggerName(logger);
    return log;
  }
}
