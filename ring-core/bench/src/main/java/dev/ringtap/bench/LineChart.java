package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Lines over steps at equal distances, such as percentiles, on a logarithmic scale. Not
 * thread-safe.
 */
public final class LineChart implements Chart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;
  private static final int LEFT = 70;
  private static final int RIGHT = 230;
  private static final int TOP = 40;
  private static final int BOTTOM = 40;

  private final String title;
  private final List<String> steps;
  private final Map<String, double[]> lines = new LinkedHashMap<>();

  /**
   * @param title with the unit
   * @param steps names of the steps, from the left
   */
  public LineChart(String title, List<String> steps) {
    this.title = title;
    this.steps = List.copyOf(steps);
  }

  /** Adds a line with a value, more than 0, for each step. */
  public LineChart line(String name, double... values) {
    if (values.length != steps.size()) {
      throw new IllegalArgumentException(values.length + " values for " + steps.size() + " steps");
    }
    lines.put(name, values.clone());
    return this;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public void write(Path file) throws IOException {
    Svg svg = new Svg(WIDTH, HEIGHT);
    svg.text(LEFT, 20, "start", title + ", logarithmic");
    double least = Double.MAX_VALUE;
    double most = 0;
    for (double[] values : lines.values()) {
      for (double value : values) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    Axis axis = Axis.logarithmic(least, most);
    for (double tick : axis.ticks()) {
      svg.line(LEFT, y(axis, tick), WIDTH - RIGHT, y(axis, tick), "#ddd", 1);
      svg.text(LEFT - 8, y(axis, tick) + 4, "end", Samples.number(tick));
    }
    for (int i = 0; i < steps.size(); i++) {
      svg.text(x(i), HEIGHT - 14, "middle", steps.get(i));
    }
    int series = 0;
    for (Map.Entry<String, double[]> line : lines.entrySet()) {
      draw(svg, axis, line.getValue(), Svg.colour(series));
      double legend = TOP + 18 * series;
      svg.rectangle(WIDTH - RIGHT + 24, legend, 10, 10, Svg.colour(series));
      svg.text(WIDTH - RIGHT + 40, legend + 10, "start", line.getKey());
      series++;
    }
    svg.write(file);
  }

  private void draw(Svg svg, Axis axis, double[] values, String colour) {
    for (int i = 0; i < values.length; i++) {
      svg.dot(x(i), y(axis, values[i]), colour);
      if (i > 0) {
        svg.line(x(i - 1), y(axis, values[i - 1]), x(i), y(axis, values[i]), colour, 2);
      }
    }
  }

  private double x(int step) {
    double inset = 20;
    double span = WIDTH - LEFT - RIGHT - 2 * inset;
    return LEFT + inset + (steps.size() == 1 ? 0 : span * step / (steps.size() - 1));
  }

  private static double y(Axis axis, double value) {
    return HEIGHT - BOTTOM - axis.position(value) * (HEIGHT - TOP - BOTTOM);
  }
}
