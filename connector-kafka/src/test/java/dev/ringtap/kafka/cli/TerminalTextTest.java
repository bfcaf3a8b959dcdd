package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class TerminalTextTest {
  /** Sets a terminal's title, rings, clears the screen, goes on in a new line and backwards. */
  private static final String HOSTILE = "type \u001b]0;mine\u0007\u009b2J\r\nringtap: ok\u202e";

  private static final String SHOWN = "type ?]0;mine??2J  ringtap: ok?";

  @Test
  void onlyVisibleCharactersAreShown() {
    assertThat(TerminalText.line(HOSTILE)).isEqualTo(SHOWN);
    assertThat(TerminalText.line("größer als 語 \ud83d\ude00"))
        .isEqualTo("größer als 語 \ud83d\ude00");
  }

  @Test
  void aLineHasAnEnd() {
    assertThat(TerminalText.line("x".repeat(1 << 20))).isEqualTo("x".repeat(2000) + "...");
  }

  @Test
  void errorsOfTheCommandAreShownSo() {
    StringWriter text = new StringWriter();
    LogFormat.fail(new IOException(HOSTILE), new PrintWriter(text));
    assertThat(text.toString()).isEqualTo("ringtap: " + SHOWN + System.lineSeparator());

    text.getBuffer().setLength(0);
    LogFormat.fail(new IllegalStateException(HOSTILE), new PrintWriter(text));
    assertThat(text.toString()).doesNotContain("\u001b", "\u0007", "\u009b", "\r", "\u202e");
    assertThat(text.toString()).contains("\tat ");
  }

  @Test
  void logLinesAreShownSo() {
    LogRecord log = new LogRecord(Level.WARNING, "refused: {0}");
    log.setLoggerName("dev.ringtap.Some");
    log.setParameters(new Object[] {HOSTILE});
    log.setThrown(new IOException(HOSTILE));
    String text = new LogFormatter().format(log);
    assertThat(text.lines().findFirst().orElseThrow()).endsWith(" WARN Some: refused: " + SHOWN);
    assertThat(text).doesNotContain("\u001b", "\u0007", "\u009b", "\r", "\u202e");
    assertThat(new JsonLogFormatter().format(log))
        .doesNotContain("\u001b", "\u0007", "\u009b", "\r", "\u202e");
  }
}
