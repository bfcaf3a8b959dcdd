package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentException;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.System.Logger.Level;
import java.util.logging.Handler;
import java.util.logging.Logger;

/** How a command's log and its other messages look on stderr. */
enum LogFormat {
  TEXT,
  JSON;

  private static final System.Logger LOG = System.getLogger(Main.class.getName());

  private static volatile LogFormat used = TEXT;

  /**
   * From now on the process's log has this form, except what a logging.properties formats
   * otherwise.
   */
  void use() {
    used = this;
    for (Handler handler : Logger.getLogger("").getHandlers()) {
      if (this == JSON && handler.getFormatter() instanceof LogFormatter) {
        handler.setFormatter(new JsonLogFormatter());
      }
    }
  }

  static boolean isJson() {
    return used == JSON;
  }

  /**
   * Tells something beside the log: lines for people, or events like all others.
   *
   * @param format as for {@link String#format}; ends its line
   */
  static void say(String format, Object... values) {
    String text = format.formatted(values);
    if (isJson()) {
      text.lines().forEach(line -> LOG.log(Level.INFO, "{0}", line));
    } else {
      System.err.print(text);
    }
  }

  /**
   * Tells what failed, likewise. What fails for a reason that the user can know says so itself;
   * anything else is a bug.
   */
  static void fail(Throwable failure, PrintWriter err) {
    if (isJson()) {
      LOG.log(
          Level.ERROR,
          AgentException.sentence(failure),
          failure instanceof IOException ? null : failure);
    } else if (failure instanceof IOException) {
      err.println("ringtap: " + TerminalText.line(AgentException.sentence(failure)));
    } else {
      err.print(TerminalText.trace(failure));
    }
    err.flush();
  }
}
