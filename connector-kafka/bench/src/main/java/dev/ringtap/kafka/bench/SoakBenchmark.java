package dev.ringtap.kafka.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.LineChart;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Table;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** The agent at a steady rate for a long time: whether anything of it grows. */
final class SoakBenchmark {
  private static final int FRAMES_PER_SECOND = 5000;
  private static final int FRAME_BYTES = 200;
  private static final int SAMPLE_MILLIS = 5000;
  private static final int SAMPLES_PER_MINUTE = 60_000 / SAMPLE_MILLIS;

  private final int minutes;
  private final List<Sample> samples = new ArrayList<>();

  SoakBenchmark(int minutes) {
    this.minutes = minutes;
  }

  /**
   * What was seen at one moment.
   *
   * @param seconds since the first frame
   * @param sent frames until then
   * @param arrived frames that a consumer has read from the topic until then
   * @param dropped frames before them that the kernel dropped
   * @param heapMib used after the last collection
   */
  private record Sample(
      int seconds,
      long sent,
      long arrived,
      long dropped,
      double residentMib,
      int heapMib,
      int descriptors,
      int threads) {}

  void run(Broker broker, BenchPage page) throws IOException {
    String topic = broker.newTopic();
    Path report = Files.createTempFile("ringtap-bench", ".json");
    Path collections = Files.createTempFile("ringtap-bench", ".gc");
    String[] agent = {
      "capture",
      "-i",
      PrivateNetwork.RIGHT,
      "-b",
      broker.address(),
      "-t",
      topic,
      "--report",
      report.toString()
    };
    String java = "-Xmx128m -XX:+UseSerialGC -Xlog:gc:file=" + collections;
    try (Program program = Program.ringtap(Core.EITHER, java, agent);
        TopicFollower follower = TopicFollower.start(broker.address(), topic);
        FramePacer pacer =
            FramePacer.open(PrivateNetwork.LEFT, Traffic.ofFrames(FRAME_BYTES, 1000).frames())) {
      program.await("listening on");
      long start = System.nanoTime();
      long sent = 0;
      for (int i = 0; i < minutes * SAMPLES_PER_MINUTE; i++) {
        sent += pacer.send(FRAMES_PER_SECOND, SAMPLE_MILLIS);
        samples.add(
            new Sample(
                (int) TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
                sent,
                follower.arrived(),
                follower.dropped(),
                program.status("VmRSS") / 1024.0,
                heapMib(collections),
                program.descriptors(),
                (int) program.status("Threads")));
        System.out.println(samples.get(i));
      }
      program.terminate();
      program.awaitSuccess();
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      if (ledger.get("offered").asLong() != sent || !ledger.get("balances").asBoolean()) {
        throw new IOException(sent + " frames were sent, and the ledger is " + ledger);
      }
      follower.await(ledger.get("acknowledged").asLong());
      write(page, ledger, sent);
    } finally {
      Files.delete(report);
      Files.delete(collections);
    }
  }

  /** The figure after the arrow of the last line: {@code Pause Young (...) 45M->12M(124M)}. */
  private static int heapMib(Path collections) throws IOException {
    String log = Files.readString(collections);
    int arrow = log.lastIndexOf("M->");
    return arrow < 0 ? 0 : Integer.parseInt(log.substring(arrow + 3, log.indexOf('M', arrow + 3)));
  }

  private void write(BenchPage page, JsonNode ledger, long sent) throws IOException {
    Path csv = page.plot("soak").resolveSibling("soak.csv");
    List<String> lines = new ArrayList<>();
    lines.add("seconds,sent,arrived,dropped,dropped_per_second,rss_mib,heap_mib,fds,threads");
    Sample before = new Sample(0, 0, 0, 0, 0, 0, 0, 0);
    for (Sample each : samples) {
      double perSecond =
          (double) (each.dropped() - before.dropped()) / (each.seconds() - before.seconds());
      lines.add(
          String.format(
              Locale.ROOT,
              "%d,%d,%d,%d,%.1f,%.1f,%d,%d,%d",
              each.seconds(),
              each.sent(),
              each.arrived(),
              each.dropped(),
              perSecond,
              each.residentMib(),
              each.heapMib(),
              each.descriptors(),
              each.threads()));
      before = each;
    }
    Files.write(csv, lines);
    Table ledgers = new Table("", "frames");
    ledgers.row("sent", sent);
    for (String each :
        new String[] {"offered", "droppedByKernel", "captured", "acknowledged", "notDelivered"}) {
      ledgers.row(each, ledger.get(each).asLong());
    }
    Table spans = new Table("", "after a minute", "least since", "most since", "at the end");
    spans.row(span("memory of the process, MiB", Sample::residentMib));
    spans.row(span("heap after a collection, MiB", Sample::heapMib));
    spans.row(span("descriptors", Sample::descriptors));
    spans.row(span("threads", Sample::threads));
    page.write(
        "soak",
        String.format(
            "%s %d minutes, %d frames of %d B in a second. All samples: [soak.csv](soak.csv).%n%n%s%n%s",
            Machine.describe(), minutes, FRAMES_PER_SECOND, FRAME_BYTES, ledgers, spans),
        chart());
  }

  private Object[] span(String what, ToDoubleFunction<Sample> figure) {
    double[] values = figures(samples.subList(SAMPLES_PER_MINUTE - 1, samples.size()), figure);
    double least = values[0];
    double most = values[0];
    for (double value : values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return new Object[] {
      what, text(values[0]), text(least), text(most), text(values[values.length - 1])
    };
  }

  private static String text(double value) {
    return String.format(Locale.ROOT, "%.0f", value);
  }

  private static double[] figures(List<Sample> samples, ToDoubleFunction<Sample> figure) {
    return samples.stream().mapToDouble(figure).toArray();
  }

  private LineChart chart() {
    List<String> minuteMarks = new ArrayList<>();
    for (int i = 1; i <= samples.size(); i++) {
      boolean marked = i % (SAMPLES_PER_MINUTE * Math.max(1, minutes / 10)) == 0;
      minuteMarks.add(marked ? i / SAMPLES_PER_MINUTE + " min" : "");
    }
    return new LineChart("The agent at a steady rate", minuteMarks)
        .line("memory, MiB", figures(samples, Sample::residentMib))
        .line("heap after collection, MiB", figures(samples, each -> Math.max(1, each.heapMib())))
        .line("descriptors", figures(samples, Sample::descriptors))
        .line("threads", figures(samples, Sample::threads));
  }
}
