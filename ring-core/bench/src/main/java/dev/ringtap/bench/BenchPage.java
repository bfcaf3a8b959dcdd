package dev.ringtap.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A page of Markdown whose measured regions are written anew by the benchmark that measures them:
 *
 * <pre>{@code
 * <!-- bench NAME -->
 * ...
 * <!-- end -->
 * }</pre>
 *
 * Not thread-safe.
 */
public final class BenchPage {
  private static final String END = "<!-- end -->";

  private final Path file;

  private BenchPage(Path file) {
    this.file = file;
  }

  /** The page {@code bench/README.md} of the module that is the current directory. */
  public static BenchPage ofModule() {
    return of(Path.of("bench", "README.md"));
  }

  /** Another page. */
  public static BenchPage of(Path file) {
    return new BenchPage(file);
  }

  /** Where a plot of this name goes: beside the page. */
  public Path plot(String name) {
    return file.resolveSibling(name + ".svg");
  }

  /**
   * Writes a region with a chart below it, and the chart under the region's name beside the page.
   *
   * @throws IllegalArgumentException if the page has no such region
   */
  public void write(String region, String markdown, Chart chart) throws IOException {
    Path drawing = plot(region);
    write(region, markdown.strip() + "\n\n![" + chart.title() + "](" + drawing.getFileName() + ")");
    chart.write(drawing);
  }

  /**
   * Writes a region and prints it.
   *
   * @throws IllegalArgumentException if the page has no such region
   */
  public void write(String region, String markdown) throws IOException {
    System.out.println(markdown);
    String page = Files.readString(file);
    String mark = "<!-- bench " + region + " -->\n";
    int begin = page.indexOf(mark);
    int end = page.indexOf(END, begin);
    if (begin < 0 || end < 0) {
      throw new IllegalArgumentException(file + " has no region " + mark.strip() + " … " + END);
    }
    Files.writeString(
        file,
        page.substring(0, begin + mark.length()) + markdown.strip() + "\n" + page.substring(end));
  }
}
