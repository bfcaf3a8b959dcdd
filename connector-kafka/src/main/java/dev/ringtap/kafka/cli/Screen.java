package dev.ringtap.kafka.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A terminal whose lines are drawn anew each second, as top(1) does it; what it showed before comes
 * back at the end. For one thread.
 */
final class Screen implements AutoCloseable {
  private static final String ENTER = "\u001b[?1049h";
  private static final String LEAVE = "\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String CLEAR_TO_END_OF_LINE = "\u001b[K";
  private static final String CLEAR_TO_END = "\u001b[J";
  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

  private record Size(int rows, int columns) {}

  /** Of a terminal that does not tell. */
  private static final Size USUAL = new Size(24, 80);

  private final PrintStream out;
  private long dueNanos = System.nanoTime();
  private volatile boolean sizeChanged = true;
  private Size size = USUAL;

  private Screen(PrintStream out) {
    this.out = out;
    out.print(ENTER);
    Signals.on("WINCH", () -> sizeChanged = true);
  }

  /** The terminal that standard output is, or null. */
  static @Nullable Screen open() {
    boolean isTerminal = System.console() != null && System.console().isTerminal();
    return isTerminal ? new Screen(System.out) : null;
  }

  /** Draws the lines if a second has passed; what has no room is left out. */
  void draw(Supplier<List<String>> lines) {
    if (System.nanoTime() - dueNanos < 0) {
      return;
    }
    if (sizeChanged) {
      sizeChanged = false;
      size = size();
    }
    StringBuilder text = new StringBuilder(HOME);
    List<String> all = lines.get();
    for (int i = 0; i < Math.min(all.size(), size.rows()); i++) {
      String line = all.get(i);
      text.append(i == 0 ? "" : "\n").append(line, 0, Math.min(line.length(), size.columns()));
      text.append(CLEAR_TO_END_OF_LINE);
    }
    out.print(text.append(CLEAR_TO_END));
    out.flush();
    dueNanos = System.nanoTime() + PERIOD_NANOS;
  }

  /** As stty(1) tells it. */
  private static Size size() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String[] told = new String(stty.getInputStream().readAllBytes()).trim().split(" ");
      int rows = Integer.parseInt(told[0]);
      int columns = Integer.parseInt(told[1]);
      return rows > 0 && columns > 0 ? new Size(rows, columns) : USUAL;
    } catch (IOException | RuntimeException e) {
      return USUAL;
    }
  }

  @Override
  public void close() {
    out.print(LEAVE);
    out.flush();
  }
}
