package dev.ringtap.kafka.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Collectors;

/**
 * Text that may come from outside (brokers, registries, files) as a terminal may show it:
 * characters that are not visible cannot move its cursor or set its title. Thread-safe.
 */
final class TerminalText {
  /** Longer than any message of this project. */
  private static final int MAX_LENGTH = 2000;

  private TerminalText() {}

  /**
   * One line: white space becomes blanks, what else is not visible becomes {@code ?}, and what
   * follows character 2000 is omitted.
   */
  static String line(String text) {
    String kept = text == null ? "null" : text.strip();
    boolean cut = kept.codePointCount(0, kept.length()) > MAX_LENGTH;
    String shown =
        kept.codePoints()
            .limit(MAX_LENGTH)
            .map(TerminalText::visible)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return cut ? shown + "..." : shown;
  }

  private static int visible(int character) {
    if (Character.isWhitespace(character)) {
      return ' ';
    }
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          '?';
      default -> character;
    };
  }

  /** A stack trace: lines as {@link #line}, indented as they were. */
  static String trace(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    return trace
        .toString()
        .lines()
        .map(each -> (each.startsWith("\t") ? "\t" : "") + line(each))
        .collect(Collectors.joining(System.lineSeparator(), "", System.lineSeparator()));
  }
}
