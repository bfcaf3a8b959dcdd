package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Horizontal bars: one group for each subject, in it one bar for each series, as long as the
 * median, with a line from the least to the most. Not thread-safe.
 */
public final class BarChart implements Chart {
  private static final int WIDTH = 900;
  private static final int LABELS = 290;
  private static final int FIGURES = 90;
  private static final int BAR = 14;
  private static final int GAP = 10;
  private static final int TOP = 56;
  private static final int BOTTOM = 24;

  private final String title;
  private final boolean logarithmic;
  private final Map<String, Map<String, Samples>> groups = new LinkedHashMap<>();
  private final Set<String> series = new LinkedHashSet<>();

  private BarChart(String title, boolean logarithmic) {
    this.title = title;
    this.logarithmic = logarithmic;
  }

  /**
   * A chart whose bars begin at 0.
   *
   * @param title with the unit
   */
  public static BarChart linear(String title) {
    return new BarChart(title, false);
  }

  /**
   * A chart for figures far apart.
   *
   * @param title with the unit
   */
  public static BarChart logarithmic(String title) {
    return new BarChart(title, true);
  }

  /** Adds a bar; groups and series keep the order in which they come first. */
  public BarChart bar(String group, String name, Samples samples) {
    groups.computeIfAbsent(group, g -> new LinkedHashMap<>()).put(name, samples);
    series.add(name);
    return this;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public void write(Path file) throws IOException {
    int bars = groups.values().stream().mapToInt(Map::size).sum();
    int height = TOP + bars * BAR + groups.size() * GAP + BOTTOM;
    Svg svg = new Svg(WIDTH, height);
    List<String> names = new ArrayList<>(series);
    svg.text(LABELS, 18, "start", title + (logarithmic ? ", logarithmic" : ""));
    if (names.size() > 1) {
      legend(svg, names);
    }
    Axis axis = axis();
    for (double tick : axis.ticks()) {
      double x = x(axis, tick);
      svg.line(x, TOP - 6, x, height - BOTTOM, "#ddd", 1);
      svg.text(x, height - 8, "middle", Samples.number(tick));
    }
    double y = TOP;
    for (Map.Entry<String, Map<String, Samples>> group : groups.entrySet()) {
      double middle = y + group.getValue().size() * BAR / 2.0 + 4;
      svg.text(LABELS - 8, middle, "end", group.getKey());
      for (Map.Entry<String, Samples> bar : group.getValue().entrySet()) {
        draw(svg, axis, y, bar.getValue(), Svg.colour(names.indexOf(bar.getKey())));
        y += BAR;
      }
      y += GAP;
    }
    svg.write(file);
  }

  private static void draw(Svg svg, Axis axis, double y, Samples samples, String colour) {
    svg.rectangle(LABELS, y + 1, x(axis, samples.median()) - LABELS, BAR - 2, colour);
    double middle = y + BAR / 2.0;
    svg.line(x(axis, samples.min()), middle, x(axis, samples.max()), middle, "#222", 1);
    double right = x(axis, Math.max(samples.max(), samples.median()));
    svg.text(right + 6, middle + 4, "start", Samples.number(samples.median()));
  }

  private static void legend(Svg svg, List<String> names) {
    double x = LABELS;
    for (String name : names) {
      svg.rectangle(x, 30, 10, 10, Svg.colour(names.indexOf(name)));
      svg.text(x + 15, 40, "start", name);
      x += 35 + 7 * name.length();
    }
  }

  private Axis axis() {
    double least = Double.MAX_VALUE;
    double most = 0;
    for (Map<String, Samples> bars : groups.values()) {
      for (Samples samples : bars.values()) {
        least = Math.min(least, samples.min());
        most = Math.max(most, samples.max());
      }
    }
    return logarithmic ? Axis.logarithmic(least, most) : Axis.linear(most);
  }

  private static double x(Axis axis, double value) {
    return LABELS + axis.position(value) * (WIDTH - LABELS - FIGURES);
  }
}
