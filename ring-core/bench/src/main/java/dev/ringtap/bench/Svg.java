package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A drawing under construction. The charts are drawn by hand since Java's own text drawing, which
 * the libraries use, needs fonts that a server seldom has.
 */
final class Svg {
  private static final String[] COLOURS = {
    "#0b6e99", "#e07a1f", "#5a8f29", "#a23b72", "#6c6f7d", "#c2a200", "#3d5a80", "#b23a48"
  };

  private final StringBuilder elements = new StringBuilder();
  private final int width;
  private final int height;

  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  static String colour(int series) {
    return COLOURS[series % COLOURS.length];
  }

  void rectangle(double x, double y, double w, double h, String colour) {
    add("<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>", x, y, w, h, colour);
  }

  void line(double x1, double y1, double x2, double y2, String colour, double thickness) {
    add(
        "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' stroke-width='%.1f'/>",
        x1, y1, x2, y2, colour, thickness);
  }

  void dot(double x, double y, String colour) {
    add("<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>", x, y, colour);
  }

  /**
   * @param anchor start, middle or end: which point of the text stands at x
   */
  void text(double x, double y, String anchor, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    add("<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>", x, y, anchor, escaped);
  }

  private void add(String format, Object... arguments) {
    elements.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  void write(Path file) throws IOException {
    Files.writeString(
        file,
        String.format(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%1$d' height='%2$d'"
                    + " viewBox='0 0 %1$d %2$d' font-family='sans-serif' font-size='12'"
                    + " fill='#222'>%n<rect width='%1$d' height='%2$d' fill='white'/>%n",
                width, height)
            + elements
            + "</svg>\n");
  }
}
