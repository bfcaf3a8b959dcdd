package dev.ringtap.bench;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.packet.Packets;
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
  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

  private LatencyBenchmark() {}

  /** Measures all combinations, about a minute and a half. */
  public static void main(String[] arguments) throws IOException {
    Table table =
        new Table(
            "retire timeout", "frames/s", "measured", "50 %", "90 %", "99 %", "99.9 %", "most");
    LineChart chart =
        new LineChart(
            "From the kernel's timestamp to the reader at 1,000 frames/s, ms",
            List.of("50 %", "90 %", "99 %", "99.9 %", "most"));
    try (PrivateNetwork network = PrivateNetwork.create()) {
      measure(network, 1, 50_000, WARMUP_SECONDS);
      for (int retireTimeoutMillis : RETIRE_TIMEOUTS_MILLIS) {
        for (int framesPerSecond : FRAMES_PER_SECOND) {
          long[] nanos = measure(network, retireTimeoutMillis, framesPerSecond, SECONDS);
          double[] millis = percentiles(nanos);
          addRow(table, retireTimeoutMillis, framesPerSecond, nanos.length, millis);
          if (framesPerSecond == CHARTED_FRAMES_PER_SECOND) {
            chart.line("retire timeout " + retireTimeoutMillis + " ms", millis);
          }
        }
      }
    }
    BenchPage page = BenchPage.ofModule();
    page.write("latency", Machine.describe() + "\n\n" + table);
    chart.write(page.plot("latency"));
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
        try (Block block = capture.take(1000)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            nanos[seen++] = now() - f.timestampNanos();
          }
        }
      }
      sending.join();
    }
    long[] measured = Arrays.copyOf(nanos, seen);
    Arrays.sort(measured);
    return measured;
  }

  private static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  private static void send(
      PrivateNetwork network, int framesPerSecond, int frames, PacketCapture capture) {
    byte[] frame = Packets.frameOfLength(200);
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      long start = System.nanoTime();
      for (int i = 0; i < frames; i++) {
        long due = start + i * 1_000_000_000L / framesPerSecond;
        for (long early; (early = due - System.nanoTime()) > 0; ) {
          if (early > 200_000) {
            Thread.sleep(0, 100_000);
          } else {
            Thread.onSpinWait();
          }
        }
        sender.send(frame);
      }
      capture.stop();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double[] percentiles(long[] sortedNanos) {
    double[] millis = new double[PERCENTILES.length];
    for (int i = 0; i < millis.length; i++) {
      int rank = (int) Math.ceil(sortedNanos.length * PERCENTILES[i] / 100);
      millis[i] = sortedNanos[Math.max(rank, 1) - 1] / 1e6;
    }
    return millis;
  }

  private static void addRow(
      Table table, int retireTimeoutMillis, int framesPerSecond, int measured, double[] millis) {
    List<Object> cells = new ArrayList<>();
    cells.add(retireTimeoutMillis + " ms");
    cells.add(String.format(Locale.ROOT, "%,d", framesPerSecond));
    cells.add(String.format(Locale.ROOT, "%,d", measured));
    for (double each : millis) {
      cells.add(String.format(Locale.ROOT, "%.2f ms", each));
    }
    table.row(cells.toArray());
  }
}
