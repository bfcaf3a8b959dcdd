package dev.ringtap.flink.bench;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Latencies;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.SteadySender;
import dev.ringtap.bench.Table;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.CaptureLab;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.flink.source.PacketSource;
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
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** From the kernel's timestamp of a frame until the sink of a job of one subtask has it. */
final class LatencyBenchmark {
  private static final int[] RETIRE_TIMEOUTS_MILLIS = {1, 5, 20};
  private static final int[] FRAMES_PER_SECOND = {1, 1_000, 100_000};
  private static final int[] SECONDS = {20, 5, 5};

  private static final long[] NANOS = new long[500_000];
  private static volatile int seen;

  private LatencyBenchmark() {}

  /** No arguments. */
  static void main(String[] arguments) throws Exception {
    List<String> titles = new ArrayList<>(List.of("retire timeout", "frames/s", "measured"));
    titles.addAll(Latencies.TITLES);
    Table table = new Table(titles.toArray(String[]::new));
    measure(1, 50_000, 4);
    for (int retireTimeoutMillis : RETIRE_TIMEOUTS_MILLIS) {
      for (int i = 0; i < SECONDS.length; i++) {
        measure(retireTimeoutMillis, FRAMES_PER_SECOND[i], SECONDS[i]);
        addRow(table, retireTimeoutMillis, FRAMES_PER_SECOND[i]);
      }
    }
    BenchPage.ofModule().write("latency", Machine.describe() + "\n\n" + table);
  }

  private static void measure(int retireTimeoutMillis, int framesPerSecond, int seconds)
      throws Exception {
    int frames = framesPerSecond * seconds;
    seen = 0;
    try (CaptureLab lab = CaptureLab.createOrSkip()) {
      CompletableFuture<Void> sent = new CompletableFuture<>();
      Thread sender =
          new Thread(
              () -> {
                try {
                  lab.awaitOpened(1);
                  send(lab.network(), framesPerSecond, frames);
                  sent.complete(null);
                } catch (Exception e) {
                  sent.completeExceptionally(e);
                }
              },
              "sender");
      sender.start();
      PacketSource<Long> source =
          PacketSource.<Long>builder()
              .deserializer(new Timestamp())
              .capture(
                  lab.capture()
                      .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, retireTimeoutMillis)
                      .build())
              .limit(frames)
              .build();
      StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
      env.fromSource(source, WatermarkStrategy.noWatermarks(), "source").sinkTo(new LatencySink());
      env.execute();
      sent.join();
    }
  }

  private static void send(PrivateNetwork network, int framesPerSecond, int frames)
      throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      SteadySender.send(sender, Packets.frameOfLength(200), framesPerSecond, frames);
    }
  }

  private static void addRow(Table table, int retireTimeoutMillis, int framesPerSecond) {
    List<Object> cells = new ArrayList<>();
    cells.add(retireTimeoutMillis + " ms");
    cells.add(String.format(Locale.ROOT, "%,d", framesPerSecond));
    cells.add(String.format(Locale.ROOT, "%,d", seen));
    cells.addAll(Latencies.ofNanos(Arrays.copyOf(NANOS, seen)).cells());
    table.row(cells.toArray());
  }

  /** The frame's time. */
  private static final class Timestamp implements PacketDeserializer<Long> {
    private static final long serialVersionUID = 1;

    @Override
    public Long deserialize(Frame frame) {
      return frame.timestampNanos();
    }

    @Override
    public TypeInformation<Long> getProducedType() {
      return Types.LONG;
    }
  }

  private static final class LatencySink implements Sink<Long> {
    private static final long serialVersionUID = 1;

    @Override
    public SinkWriter<Long> createWriter(WriterInitContext context) {
      return new SinkWriter<>() {
        @Override
        public void write(Long nanos, Context unused) {
          Instant now = Instant.now();
          int count = seen;
          NANOS[count] = now.getEpochSecond() * 1_000_000_000L + now.getNano() - nanos;
          seen = count + 1;
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public void close() {}
      };
    }
  }
}
