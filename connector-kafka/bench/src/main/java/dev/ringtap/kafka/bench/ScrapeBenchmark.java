package dev.ringtap.kafka.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * What a scrape each second adds to the agent's CPU time, in pairs of windows with scrapes and
 * without. An agent runs for weeks, so its code for scrapes is warm first.
 */
final class ScrapeBenchmark {
  private static final int FRAME_BYTES = 64;
  private static final int FRAMES_PER_SECOND = 300_000;
  private static final int SCRAPE_MILLIS = 1000;

  private final int pairs;
  private final int warmupScrapes;
  private final int windowMillis;

  ScrapeBenchmark(int pairs, int warmupScrapes, int windowMillis) {
    this.pairs = pairs;
    this.warmupScrapes = warmupScrapes;
    this.windowMillis = windowMillis;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    byte[] frame = Traffic.ofFrames(FRAME_BYTES, 1).frames().get(0);
    Path report = Files.createTempFile("ringtap-bench", ".json");
    double[] without = new double[pairs];
    double[] with = new double[pairs];
    double[] percent = new double[pairs];
    try (Injector injector = new Injector(PrivateNetwork.RIGHT, frame);
        Program agent = start(broker, report)) {
      agent.await("listening");
      URI metrics = URI.create(agent.printed().replaceAll("(?s).*metrics at ([^,]+),.*", "$1"));
      injector.inject(FRAMES_PER_SECOND, windowMillis);
      for (int i = 0; i < warmupScrapes; i++) {
        scrape(metrics);
      }
      agent.pin(Core.MEASURED);
      for (int i = 0; i < pairs; i++) {
        // in turns, for what drifts would favour one of them
        boolean scrapesFirst = i % 2 == 1;
        double first = window(agent, injector, scrapesFirst ? metrics : null);
        double second = window(agent, injector, scrapesFirst ? null : metrics);
        without[i] = scrapesFirst ? second : first;
        with[i] = scrapesFirst ? first : second;
        percent[i] = (with[i] / without[i] - 1) * 100;
        System.out.printf("without %.1f, with %.1f ns per frame%n", without[i], with[i]);
      }
      agent.terminate();
      agent.awaitSuccess();
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      Table table =
          new Table(
              "CPU ns per frame without scrapes",
              "with a scrape each second",
              "more, %",
              "frames",
              "dropped");
      table.row(
          Samples.of(without),
          Samples.of(with),
          Samples.of(percent),
          String.format("%,d", ledger.get("offered").asLong()),
          ledger.get("droppedByKernel").asLong());
      page.write("scrape", Machine.describe() + "\n\n" + table);
    } finally {
      Files.delete(report);
    }
  }

  private static Program start(Broker broker, Path report) throws IOException {
    return Program.ringtap(
        Core.EITHER,
        "",
        "capture",
        "-i",
        PrivateNetwork.RIGHT,
        "-b",
        broker.address(),
        "-t",
        broker.newTopic(),
        "--report",
        report.toString(),
        "--metrics",
        "0");
  }

  /**
   * CPU nanoseconds of the agent for each frame.
   *
   * @param metrics to scrape, or null
   */
  private double window(Program agent, Injector injector, URI metrics) throws IOException {
    Thread scrapes = metrics == null ? null : Thread.ofPlatform().start(() -> scrapeAll(metrics));
    long before = agent.cpuNanos();
    injector.inject(FRAMES_PER_SECOND, windowMillis);
    double nanos = agent.cpuNanos() - before;
    if (scrapes != null) {
      scrapes.interrupt();
    }
    return nanos / ((double) FRAMES_PER_SECOND * windowMillis / 1000);
  }

  private static void scrapeAll(URI metrics) {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(SCRAPE_MILLIS);
        scrape(metrics);
      }
    } catch (InterruptedException e) {
      // the window is over
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** On a connection that is kept, as Prometheus does. */
  private static void scrape(URI metrics) throws IOException {
    try (InputStream in = metrics.toURL().openStream()) {
      in.readAllBytes();
    }
  }
}
