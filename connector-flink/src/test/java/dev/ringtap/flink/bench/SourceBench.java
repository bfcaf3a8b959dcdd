package dev.ringtap.flink.bench;

import dev.ringtap.flink.source.AvroBytesDeserializer;
import dev.ringtap.flink.source.CaptureLab;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.flink.source.PacketSourceBuilder;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Frames per second from a source to a discarding sink, parallelism 1, beside Flink's own generator
 * that emits the same elements: Avro bytes. Prints a Markdown table: medians of five runs, one
 * after the other in turn.
 */
public final class SourceBench {
  private static final int ELEMENTS = 3_000_000;
  private static final int ROUNDS = 5;
  private static final int[] FRAME_BYTES = {64, 512, 1500};
  private static final int SECONDS_LIVE = 4;

  private SourceBench() {}

  /** No arguments. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("bench");
    System.out.println(
        "| frame, bytes | PacketSource, file | DataGeneratorSource | ratio | live: offered |"
            + " live: emitted |\n|---|---|---|---|---|---|");
    for (int bytes : FRAME_BYTES) {
      Path file = PcapFile.writeNumbered(directory.resolve(bytes + ".pcap"), ELEMENTS, bytes);
      List<Double> ours = new ArrayList<>();
      List<Double> theirs = new ArrayList<>();
      for (int round = 0; round <= ROUNDS; round++) {
        double our = rate(packets().files(file).splitBytes(Long.MAX_VALUE).build());
        double their = rate(generator(bytes));
        if (round > 0) {
          ours.add(our);
          theirs.add(their);
        }
      }
      Files.delete(file);
      double our = median(ours);
      double their = median(theirs);
      System.out.printf(
          Locale.ROOT,
          "| %d | %.2f M/s | %.2f M/s | %.2f | %s |%n",
          bytes,
          our / 1e6,
          their / 1e6,
          our / their,
          live(bytes));
    }
    Files.delete(directory);
  }

  private static PacketSourceBuilder<byte[]> packets() {
    return PacketSource.<byte[]>builder().deserializer(new AvroBytesDeserializer());
  }

  private static Source<byte[], ?, ?> generator(int bytes) {
    byte[] element = new byte[bytes + 40];
    return new DataGeneratorSource<>(
        index -> Arrays.copyOf(element, element.length),
        ELEMENTS,
        PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  }

  private static JobExecutionResult run(Source<byte[], ?, ?> source) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "source")
        .sinkTo(new DiscardingSink<>());
    return env.execute();
  }

  private static double rate(Source<byte[], ?, ?> source) throws Exception {
    return ELEMENTS / (run(source).getNetRuntime() / 1000.0);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  /**
   * Offered by a sender that sends as fast as it can on the same cores, and emitted, per second.
   */
  private static String live(int bytes) throws Exception {
    try (CaptureLab lab = CaptureLab.createOrSkip()) {
      boolean[] ended = new boolean[1];
      Thread sender =
          new Thread(
              () -> {
                byte[] frame = new byte[bytes];
                frame[0] = 2;
                frame[12] = (byte) 0x88;
                frame[13] = (byte) 0xB5;
                try (FrameSender out = lab.network().sender(PrivateNetwork.LEFT).bypassQueue()) {
                  lab.awaitOpened(1);
                  while (!ended[0]) {
                    for (int i = 0; i < 1000; i++) {
                      out.send(frame);
                    }
                  }
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      sender.start();
      run(
          packets()
              .interfaceName(PrivateNetwork.RIGHT)
              .duration(Duration.ofSeconds(SECONDS_LIVE))
              .build());
      ended[0] = true;
      sender.join();
      return String.format(
          Locale.ROOT,
          "%.2f M/s | %.2f M/s",
          lab.sum("offered") / 1e6 / SECONDS_LIVE,
          lab.sum("emitted") / 1e6 / SECONDS_LIVE);
    }
  }
}
