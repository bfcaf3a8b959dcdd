package dev.ringtap.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link RingBenchmark} in rounds, each benchmark once in each in a JVM of its own, so that
 * what disturbs the machine disturbs all of them; then writes the page.
 */
final class RingReport {
  private static final int ROUNDS = 5;
  private static final List<String> ROWS =
      List.of(
          "walk",
          "cWalk",
          "encodeBlock",
          "encodeBatch",
          "cEncodeBatch",
          "encodeBlockEach",
          "encodeEach",
          "avroSpecific",
          "avroGeneric");
  private static final String[] TITLES = {
    "header walk, Ringtap",
    "header walk, C",
    "Avro batch, Ringtap",
    "Avro batch frame by frame, Ringtap",
    "Avro batch, C",
    "Avro `byte[]` each, Ringtap",
    "Avro `byte[]` each frame by frame, Ringtap",
    "Avro specific records, Avro library",
    "Avro generic records, Avro library"
  };
  private static final List<String> FRAMES =
      List.of("64 B", "512 B", "1500 B", "64 B tagged", "512 B tagged", "1500 B tagged");

  /** Nanoseconds per frame by benchmark and frame, of each round. */
  private final Map<String, List<Double>> nanos = new LinkedHashMap<>();

  private final Map<String, List<Double>> allocated = new LinkedHashMap<>();

  private RingReport() {}

  /** With JMH's options it runs JMH once and writes nothing. */
  static void main(String[] arguments)
      throws RunnerException, CommandLineOptionException, IOException {
    if (arguments.length > 0) {
      new Runner(new CommandLineOptions(arguments)).run();
      return;
    }
    RingReport report = new RingReport();
    for (int round = 1; round <= ROUNDS; round++) {
      System.out.println("round " + round + " of " + ROUNDS);
      report.run();
    }
    report.write();
  }

  private void run() throws RunnerException {
    OptionsBuilder options = new OptionsBuilder();
    options
        .include(RingBenchmark.class.getName())
        .addProfiler("gc")
        .verbosity(VerboseMode.SILENT)
        .timeout(TimeValue.minutes(1))
        // memory that is touched for the first time would be the operating system's cost
        .jvmArgsAppend(
            "--enable-native-access=ALL-UNNAMED", "-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");
    for (RunResult result : new Runner(options.build()).run()) {
      BenchmarkParams parameters = result.getParams();
      String method = parameters.getBenchmark().replaceAll(".*\\.", "");
      String tagged = parameters.getParam("tagged").equals("true") ? " tagged" : "";
      String key = key(method, parameters.getParam("frameBytes") + " B" + tagged);
      add(nanos, key, result.getPrimaryResult().getScore());
      add(allocated, key, result.getSecondaryResults().get("gc.alloc.rate.norm").getScore());
    }
  }

  private static String key(String method, String frame) {
    return method + " " + frame;
  }

  private static void add(Map<String, List<Double>> to, String key, double value) {
    to.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  private static Samples samples(List<Double> values) {
    return Samples.of(values.stream().mapToDouble(Double::doubleValue));
  }

  private Samples ratio(String method, String other, String frame) {
    List<Double> ours = nanos.get(key(method, frame));
    List<Double> theirs = nanos.get(key(other, frame));
    double[] ratios = new double[ours.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = ours.get(i) / theirs.get(i);
    }
    return Samples.of(ratios);
  }

  private void write() throws IOException {
    BenchPage page = BenchPage.ofModule();
    Table costs = table("ns per frame", "allocated, B per frame");
    Table ratios = table("ratio in one round", "goal");
    BarChart chart = BarChart.logarithmic("CPU per frame on a block in memory, ns");
    for (int row = 0; row < TITLES.length; row++) {
      Object[] cells = new Object[FRAMES.size() + 2];
      cells[0] = TITLES[row];
      for (int i = 0; i < FRAMES.size(); i++) {
        Samples samples = samples(nanos.get(key(ROWS.get(row), FRAMES.get(i))));
        cells[i + 1] = samples;
        chart.bar(TITLES[row].replace("`", ""), FRAMES.get(i), samples);
      }
      cells[FRAMES.size() + 1] = allocation(ROWS.get(row));
      costs.row(cells);
    }
    ratios(ratios, "header walk ÷ C", "walk", "cWalk", "");
    ratios(ratios, "Avro batch ÷ C", "encodeBlock", "cEncodeBatch", "");
    ratios(ratios, "Avro batch frame by frame ÷ C", "encodeBatch", "cEncodeBatch", "");
    ratios(
        ratios,
        "Avro library, specific ÷ Avro batch",
        "avroSpecific",
        "encodeBlock",
        "≥ 10 at 64 B, ≥ 4 at 1500 B");
    ratios(ratios, "Avro library, specific ÷ `byte[]` each", "avroSpecific", "encodeBlockEach", "");
    page.write("ring", Machine.describe() + "\n\n" + costs + "\n" + ratios, chart);
  }

  private static Table table(String first, String last) {
    String[] titles = new String[FRAMES.size() + 2];
    titles[0] = first;
    for (int i = 0; i < FRAMES.size(); i++) {
      titles[i + 1] = FRAMES.get(i);
    }
    titles[FRAMES.size() + 1] = last;
    return new Table(titles);
  }

  private void ratios(Table table, String title, String method, String other, String goal) {
    Object[] cells = new Object[FRAMES.size() + 2];
    cells[0] = title;
    for (int i = 0; i < FRAMES.size(); i++) {
      cells[i + 1] = ratio(method, other, FRAMES.get(i));
    }
    cells[FRAMES.size() + 1] = goal;
    table.row(cells);
  }

  /** Of all frames, rounded: JMH's own allocation is a fraction of a byte. */
  private String allocation(String method) {
    List<String> bytes = new ArrayList<>();
    for (String frame : FRAMES) {
      bytes.add(Long.toString(Math.round(samples(allocated.get(key(method, frame))).median())));
    }
    return bytes.stream().distinct().count() == 1 ? bytes.get(0) : String.join(" / ", bytes);
  }
}
