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
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * What a scrape each second takes of the agent's CPU time: that of the threads which serve it.
 * Windows with scrapes and without differ by more than that from one another. An agent runs for
 * weeks, so its code for scrapes is warm first.
 */
final class ScrapeBenchmark {
  private static final int FRAME_BYTES = 64;
  private static final int FRAMES_PER_SECOND = 300_000;
  private static final int SCRAPE_MILLIS = 1000;
  private static final double NANOS_PER_MILLI = 1e6;

  /** Names of the threads of the agent's HTTP server. */
  private static final Pattern SERVING = Pattern.compile("metrics-|HTTP-Dispatcher");

  private final int windows;
  private final int warmupScrapes;
  private final int windowMillis;

  ScrapeBenchmark(int windows, int warmupScrapes, int windowMillis) {
    this.windows = windows;
    this.warmupScrapes = warmupScrapes;
    this.windowMillis = windowMillis;
  }

  void run(Broker broker, BenchPage page) throws IOException {
    byte[] frame = Traffic.ofFrames(FRAME_BYTES, 1).frames().get(0);
    Path report = Files.createTempFile("ringtap-bench", ".json");
    double[] millis = new double[windows];
    double[] percent = new double[windows];
    try (Injector injector = new Injector(PrivateNetwork.RIGHT, frame, Traffic.FLOWS);
        Program agent = start(broker, report)) {
      agent.await("listening");
      URI metrics = URI.create(agent.printed().replaceAll("(?s).*metrics at ([^,]+),.*", "$1"));
      injector.inject(FRAMES_PER_SECOND, windowMillis);
      for (int i = 0; i < warmupScrapes; i++) {
        scrape(metrics);
      }
      agent.pin(Core.MEASURED);
      for (int i = 0; i < windows; i++) {
        long agentBefore = agent.cpuNanos();
        Map<String, Long> threadsBefore = agent.cpuNanosByThread();
        int scrapes = window(injector, metrics);
        double serving = servingNanos(threadsBefore, agent.cpuNanosByThread());
        millis[i] = serving / NANOS_PER_MILLI / scrapes;
        percent[i] = 100 * serving / (agent.cpuNanos() - agentBefore);
        System.out.printf("%.2f ms a scrape, %.2f %%%n", millis[i], percent[i]);
      }
      agent.terminate();
      agent.awaitSuccess();
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      Table table = new Table("CPU ms for a scrape", "of the agent's, %", "frames", "dropped");
      table.row(
          Samples.of(millis),
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

  /** Nanoseconds of the threads that answer scrapes; one that is long idle ends. */
  private static long servingNanos(Map<String, Long> before, Map<String, Long> after) {
    return after.entrySet().stream()
        .filter(thread -> SERVING.matcher(thread.getKey()).lookingAt())
        .mapToLong(thread -> thread.getValue() - before.getOrDefault(thread.getKey(), 0L))
        .sum();
  }

  /** Scrapes once a second while frames come in; returns how often. */
  private int window(Injector injector, URI metrics) throws IOException {
    AtomicInteger scrapes = new AtomicInteger();
    Thread scraping = Thread.ofPlatform().start(() -> scrapeAll(metrics, scrapes));
    injector.inject(FRAMES_PER_SECOND, windowMillis);
    scraping.interrupt();
    try {
      scraping.join();
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while frames come in");
    }
    return scrapes.get();
  }

  private static void scrapeAll(URI metrics, AtomicInteger scrapes) {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(SCRAPE_MILLIS);
        scrape(metrics);
        scrapes.incrementAndGet();
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
