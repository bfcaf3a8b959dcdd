package dev.ringtap.bench;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * How long it takes from the kernel's timestamp of a frame until the reader holds it, as
 * percentiles, for each retire timeout and rate, on a virtual wire.
 */
public final class LatencyBenchmark {
  private static final int[] RETIRE_TIMEOUTS_MILLIS = {1, 5, 20, 100};
  private static final int[] FRAMES_PER_SECOND = {13, 1_000, 100_000};
  private static final int CHARTED_FRAMES_PER_SECOND = 1_000;
  private static final int SECONDS = 5;
  private static final int WARMUP_SECONDS = 2;

  private LatencyBenchmark() {}

  /** Measures all combinations, about a minute and a half. */
  public static void main(String[] arguments) throws IOException {
    List<String> titles = new ArrayList<>(List.of("retire timeout", "frames/s", "measured"));
    titles.addAll(Latencies.TITLES);
    Table table = new Table(titles.toArray(String[]::new));
    LineChart chart =
        new LineChart(
            "From the kernel's timestamp to the reader at 1,000 frames/s, ms", Latencies.TITLES);
    try (PrivateNetwork network = PrivateNetwork.create()) {
      measure(network, 1, 50_000, WARMUP_SECONDS);
      for (int retireTimeoutMillis : RETIRE_TIMEOUTS_MILLIS) {
        for (int framesPerSecond : FRAMES_PER_SECOND) {
          long[] nanos = measure(network, retireTimeoutMillis, framesPerSecond, SECONDS);
          Latencies latencies = Latencies.ofNanos(nanos);
          List<Object> cells = new ArrayList<>();
          cells.add(retireTimeoutMillis + " ms");
          cells.add(String.format(Locale.ROOT, "%,d", framesPerSecond));
          cells.add(String.format(Locale.ROOT, "%,d", nanos.length));
          cells.addAll(latencies.cells());
          table.row(cells.toArray());
          if (framesPerSecond == CHARTED_FRAMES_PER_SECOND) {
            chart.line("retire timeout " + retireTimeoutMillis + " ms", latencies.millis());
          }
        }
      }
    }
    BenchPage page = BenchPage.ofModule();
    page.write("latency", Machine.describe() + "\n\n" + table, chart);
  }

  private static long[] measure(
      PrivateNetwork network, int retireTimeoutMillis, int framesPerSecond, int seconds)
      throws IOException {
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, retireTimeoutMillis)
            .build();
    long[] nanos = new long[framesPerSecond * seconds];
    int seen = 0;
    try (PacketCapture capture = network.call(() -> PacketCapture.open(config))) {
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> send(network, framesPerSecond, nanos.length, capture));
      while (!capture.isEnded()) {
        try (Block block = capture.poll(1000)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            nanos[seen++] = now() - f.timestampNanos();
          }
        }
      }
      sending.join();
    }
    return Arrays.copyOf(nanos, seen);
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  private static void send(
      PrivateNetwork network, int framesPerSecond, int frames, PacketCapture capture) {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      SteadySender.send(sender, Packets.frameOfLength(200), framesPerSecond, frames);
      capture.stop();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
