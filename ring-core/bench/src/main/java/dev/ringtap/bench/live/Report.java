package dev.ringtap.bench.live;

import dev.ringtap.bench.BarChart;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** The page's region, its tables made from the results, and its plots. */
final class Report {
  private static final double MILLION = 1e6;

  private final Results results;
  private final List<Traffic> traffics;

  Report(Results results, List<Traffic> traffics) {
    this.results = results;
    this.traffics = traffics;
  }

  /**
   * Writes them.
   *
   * @param conditions machine, versions, and how much was measured
   */
  void write(BenchPage page, String conditions) throws IOException {
    List<String> parts = new ArrayList<>();
    parts.add(conditions);
    parts.add("### Goals\n\n" + goals());
    parts.add(
        "### CPU ns per frame, of the thread that reads\n\n"
            + table((r, t) -> results.samples(r, t, Result::readerNanosPerFrame)));
    parts.add(
        "### CPU ns per frame, of all threads\n\n"
            + table((r, t) -> results.samples(r, t, Result::processNanosPerFrame)));
    parts.add("### Million frames/s offered, and the part of them dropped\n\n" + table(this::rate));
    parts.addAll(plots(page));
    page.write("live", String.join("\n\n", parts));
  }

  private Table goals() {
    Table table = new Table("ratio in one round", "frames", "goal", "seen", "verdict");
    for (Goal goal : Goal.ALL) {
      for (Traffic traffic : traffics) {
        results
            .ratio(goal.reader(), goal.other(), traffic)
            .ifPresent(
                ratio ->
                    table.row(
                        goal.title(),
                        traffic,
                        "≤ " + Samples.number(goal.most(traffic)),
                        ratio,
                        goal.verdict(ratio, traffic)));
      }
    }
    for (ReaderKind reader : List.of(ReaderKind.HEADER_WALK, ReaderKind.AVRO_BATCH)) {
      traffics.stream()
          .filter(traffic -> traffic.frameBytes() == 64)
          .forEach(traffic -> drops(table, reader, traffic));
    }
    return table;
  }

  private void drops(Table table, ReaderKind reader, Traffic traffic) {
    List<Result> runs = results.of(reader, traffic);
    if (runs.isEmpty()) {
      return;
    }
    long offered = runs.stream().mapToLong(Result::offered).sum();
    long dropped = runs.stream().mapToLong(Result::dropped).sum();
    Samples rate = Samples.of(runs.stream().mapToDouble(r -> r.offeredPerSecond() / MILLION));
    String verdict =
        dropped > 0 ? "missed" : rate.median() < 1 ? "not shown: offered too slowly" : "met";
    table.row(
        reader.title() + ": drops at ≥ 1 M frames/s",
        traffic,
        "0",
        String.format("%,d of %,d at %s M/s", dropped, offered, rate),
        verdict);
  }

  /** A row for each reader, a column for each kind of traffic. */
  private Table table(BiFunction<ReaderKind, Traffic, Optional<?>> figure) {
    List<String> titles = new ArrayList<>(List.of("reader"));
    traffics.forEach(traffic -> titles.add(traffic.toString()));
    Table table = new Table(titles.toArray(String[]::new));
    for (ReaderKind reader : ReaderKind.values()) {
      List<Object> cells = new ArrayList<>(List.of(reader.title()));
      for (Traffic traffic : traffics) {
        Optional<?> cell = figure.apply(reader, traffic);
        cells.add(cell.isPresent() ? cell.get() : "–");
      }
      table.row(cells.toArray());
    }
    return table;
  }

  private Optional<String> rate(ReaderKind reader, Traffic traffic) {
    Optional<Samples> rate = results.samples(reader, traffic, Result::offeredPerSecond);
    List<Result> runs = results.of(reader, traffic);
    double offered = runs.stream().mapToLong(Result::offered).sum();
    double dropped = runs.stream().mapToLong(Result::dropped).sum();
    return rate.map(
        seen ->
            Samples.number(seen.median() / MILLION)
                + ", "
                + (dropped == 0 ? "0" : Samples.number(100 * dropped / offered) + " %"));
  }

  /** A plot for each length of frame; the links to them. */
  private List<String> plots(BenchPage page) throws IOException {
    List<String> links = new ArrayList<>();
    for (int bytes : traffics.stream().mapToInt(Traffic::frameBytes).distinct().toArray()) {
      String title = "CPU per frame of " + bytes + " B on a live ring, ns";
      BarChart chart = BarChart.logarithmic(title);
      for (ReaderKind reader : ReaderKind.values()) {
        for (boolean tagged : new boolean[] {false, true}) {
          results
              .samples(reader, new Traffic(bytes, tagged), Result::readerNanosPerFrame)
              .ifPresent(figure -> chart.bar(reader.title(), tagged ? "tagged" : "plain", figure));
        }
      }
      Path plot = page.plot("live-" + bytes);
      chart.write(plot);
      links.add("![" + title + "](" + plot.getFileName() + ")");
    }
    return links;
  }
}
