package dev.ringtap.flink.bench;

import dev.ringtap.bench.BarChart;
import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.flink.source.AvroBytesDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.flink.source.PcapFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Elements per second from a source to a sink that discards them, parallelism 1, beside Flink's own
 * generator of the same elements: byte arrays as long as the Avro records.
 */
final class SourceBenchmark {
  private static final int ROUNDS = 5;
  private static final int[] FRAME_BYTES = {64, 512, 1500};
  private static final int[] FRAMES = {6_000_000, 3_000_000, 1_500_000};
  private static final int FIELDS_BYTES = 40;

  private SourceBenchmark() {}

  /** The number of rounds, or nothing. */
  static void main(String[] arguments) throws IOException {
    int rounds = arguments.length == 0 ? ROUNDS : Integer.parseInt(arguments[0]);
    BenchPage page = BenchPage.ofModule();
    Table table =
        new Table(
            "frame",
            "object reuse",
            "PacketSource, M/s",
            "DataGeneratorSource, M/s",
            "ratio",
            "goal");
    BarChart chart = BarChart.linear("From source to sink, million elements per second");
    Path directory = Files.createTempDirectory(Path.of("target"), "bench");
    for (int i = 0; i < FRAMES.length; i++) {
      int bytes = FRAME_BYTES[i];
      Path file = PcapFile.writeNumbered(directory.resolve(bytes + ".pcap"), FRAMES[i], bytes);
      for (boolean reuse : new boolean[] {true, false}) {
        double[] ours = new double[rounds];
        double[] theirs = new double[rounds];
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
          ours[round] = Fork.run(Job.class, FRAMES[i], bytes, reuse, file) / 1e6;
          theirs[round] = Fork.run(Job.class, FRAMES[i], bytes, reuse) / 1e6;
          ratios[round] = ours[round] / theirs[round];
        }
        table.row(
            bytes + " B",
            reuse ? "on" : "off",
            Samples.of(ours),
            Samples.of(theirs),
            Samples.of(ratios),
            "≥ 1.0");
        String group = bytes + " B, object reuse " + (reuse ? "on" : "off");
        chart.bar(group, "PacketSource", Samples.of(ours));
        chart.bar(group, "DataGeneratorSource", Samples.of(theirs));
      }
      Files.delete(file);
    }
    Files.delete(directory);
    page.write("source", Machine.describe() + "\n\n" + table, chart);
  }

  /** One job. */
  static final class Job {
    private Job() {}

    /** Elements, frame length, object reuse, and the file where it is read. */
    public static void main(String[] arguments) throws Exception {
      long elements = Long.parseLong(arguments[0]);
      int bytes = Integer.parseInt(arguments[1]);
      Configuration configuration = new Configuration();
      configuration.set(PipelineOptions.OBJECT_REUSE, Boolean.parseBoolean(arguments[2]));
      StreamExecutionEnvironment env =
          StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
      TimedSink<byte[]> sink = new TimedSink<>(elements / 2, elements);
      Source<byte[], ?, ?> source =
          arguments.length > 3 ? packets(Path.of(arguments[3])) : generator(elements, bytes);
      env.fromSource(source, WatermarkStrategy.noWatermarks(), "source").sinkTo(sink);
      env.execute();
      Fork.result(sink.rate());
    }

    private static Source<byte[], ?, ?> packets(Path file) {
      return PacketSource.<byte[]>builder()
          .deserializer(new AvroBytesDeserializer())
          .files(file)
          .splitBytes(Long.MAX_VALUE)
          .build();
    }

    private static Source<byte[], ?, ?> generator(long elements, int bytes) {
      byte[] element = new byte[bytes + FIELDS_BYTES];
      return new DataGeneratorSource<>(
          index -> Arrays.copyOf(element, element.length),
          elements,
          PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
    }
  }
}
