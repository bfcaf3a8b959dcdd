package dev.ringtap.kafka.bench;

import dev.ringtap.bench.BarChart;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.capture.Block;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.lab.PrivateNetwork;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * From the command to the kernel's timestamp of the first captured frame, while frames flow: as it
 * is, and with what the JVM may keep of an earlier run.
 */
final class StartupBenchmark {
  private static final int FRAMES_PER_SECOND = 1_000;

  private final int runs;
  private final int trainingFrames;
  private final Path directory;
  private final Map<Target, Map<Start, List<Double>>> millis = new EnumMap<>(Target.class);

  /** What is started. */
  private enum Start {
    PLAIN("java, the JDK's own archive"),
    ARCHIVE("java, class archive as `bin/ringtap` makes it"),
    AOT_CACHE("java, AOT cache of JDK 25"),
    COMMAND("`bin/ringtap capture`");

    private final String title;

    Start(String title) {
      this.title = title;
    }
  }

  /** Where the frame goes. */
  private enum Target {
    FILE("a file"),
    TOPIC("a topic and a file");

    private final String title;

    Target(String title) {
      this.title = title;
    }
  }

  private StartupBenchmark(int runs, int trainingFrames, Path directory) {
    this.runs = runs;
    this.trainingFrames = trainingFrames;
    this.directory = directory;
  }

  /**
   * Measures all kinds of start in turns.
   *
   * @param trainingFrames frames of the captures from which the JVM keeps something
   */
  static void run(Broker broker, BenchPage page, int runs, int trainingFrames) throws IOException {
    Path directory = Files.createTempDirectory("ringtap-bench");
    try {
      new StartupBenchmark(runs, trainingFrames, directory).measureAll(broker, page);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
    }
  }

  private void measureAll(Broker broker, BenchPage page) throws IOException {
    List<byte[]> frames = Traffic.ofFrames(200, 1_000).frames();
    Thread wire = new Thread(() -> flow(frames), "wire");
    try {
      wire.setDaemon(true);
      wire.start();
      train(broker);
      for (int run = 0; run < runs; run++) {
        for (Target target : Target.values()) {
          for (Start start : Start.values()) {
            millis
                .computeIfAbsent(target, t -> new LinkedHashMap<>())
                .computeIfAbsent(start, s -> new ArrayList<>())
                .add(measure(broker, target, start));
          }
        }
      }
    } finally {
      wire.interrupt();
    }
    write(page);
  }

  /** Runs in the network namespace of the thread that starts it. */
  private static void flow(List<byte[]> frames) {
    try (FramePacer pacer = FramePacer.open(PrivateNetwork.LEFT, frames)) {
      while (!Thread.currentThread().isInterrupted()) {
        pacer.send(FRAMES_PER_SECOND, 100);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A capture for each kind of archive; {@code bin/ringtap} makes its own. */
  private void train(Broker broker) throws IOException {
    Files.deleteIfExists(Path.of("target", "ringtap.jsa"));
    String count = Integer.toString(trainingFrames);
    for (Start start : Start.values()) {
      List<String> command = new ArrayList<>();
      if (start == Start.COMMAND) {
        command.add(Program.RINGTAP.toString());
      } else {
        command.addAll(Program.java());
        command.addAll(start == Start.PLAIN ? List.of() : training(start));
        command.addAll(main());
      }
      command.addAll(capture(broker, Target.TOPIC, count));
      try (Program program = Program.start(Core.MEASURED, command)) {
        program.awaitSuccess();
      }
    }
  }

  private List<String> training(Start start) {
    return start == Start.ARCHIVE
        ? List.of("-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + kept(start))
        : List.of("-XX:AOTCacheOutput=" + kept(start));
  }

  private List<String> using(Start start) {
    return start == Start.ARCHIVE
        ? List.of("-XX:SharedArchiveFile=" + kept(start))
        : List.of("-XX:AOTCache=" + kept(start));
  }

  private Path kept(Start start) {
    return directory.resolve(start.name());
  }

  private static List<String> main() {
    return List.of(
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        Path.of("target", "connector-kafka.jar").toAbsolutePath().toString(),
        "dev.ringtap.kafka.cli.Main");
  }

  private List<String> capture(Broker broker, Target target, String count) throws IOException {
    List<String> words = new ArrayList<>(List.of("capture", "-i", PrivateNetwork.RIGHT));
    words.addAll(List.of("-c", count, "-w", captured().toString()));
    if (target == Target.TOPIC) {
      words.addAll(List.of("-b", broker.address(), "-t", broker.newTopic()));
    }
    return words;
  }

  private Path captured() {
    return directory.resolve("captured.pcapng");
  }

  private double measure(Broker broker, Target target, Start start) throws IOException {
    List<String> command = new ArrayList<>();
    if (start == Start.COMMAND) {
      command.add(Program.RINGTAP.toString());
    } else {
      command.addAll(Program.java());
      command.addAll(start == Start.PLAIN ? List.of() : using(start));
      command.addAll(main());
    }
    command.addAll(capture(broker, target, "1"));
    long begin = Clock.nowNanos();
    try (Program program = Program.start(Core.MEASURED, command)) {
      program.awaitSuccess();
    }
    try (CaptureFile file = CaptureFile.open(captured());
        Block block = file.poll(1000)) {
      return (block.next().timestampNanos() - begin) / 1e6;
    }
  }

  private void write(BenchPage page) throws IOException {
    Table table =
        new Table("started as", "into " + Target.FILE.title, "into " + Target.TOPIC.title);
    BarChart chart = BarChart.linear("From the command to the first captured frame, ms");
    for (Start start : Start.values()) {
      Samples[] samples = new Samples[Target.values().length];
      for (Target target : Target.values()) {
        List<Double> values = millis.get(target).get(start);
        samples[target.ordinal()] = Samples.of(values.stream().mapToDouble(Double::doubleValue));
        chart.bar(start.title.replace("`", ""), "into " + target.title, samples[target.ordinal()]);
      }
      table.row(start.title, samples[0] + " ms", samples[1] + " ms");
    }
    page.write("startup", Machine.describe() + "\n\n" + table, chart);
  }
}
