package dev.ringtap.flink.bench;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.util.FileUtils;

/** Rows per second of SQL on capture files, beside Flink's own generator and the DataStream API. */
final class SqlBenchmark {
  private static final int ROUNDS = 3;
  private static final int[] FRAME_BYTES = {64, 1500};
  private static final int[] FRAMES = {12_000_000, 3_000_000};
  private static final int PACKED_FRAMES = 12_000_000;
  private static final int SINGLE_FRAMES = 2_000_000;
  private static final int DISTINCT_FRAMES = 1000;
  private static final int VLANS = 16;
  private static final int HEADERS_BYTES = 14 + 4 + 20 + 8;

  private SqlBenchmark() {}

  /** What a JVM of its own runs. */
  enum Query {
    COUNT(
        "SQL, count by VLAN",
        "SELECT vlan_id, COUNT(*) FROM packets GROUP BY vlan_id",
        "vlan_id INT, src_port INT, payload BYTES"),
    PROJECT(
        "SQL, three columns",
        "INSERT INTO nothing SELECT `timestamp`, ip_src, dst_port FROM packets",
        "`timestamp` TIMESTAMP_LTZ(9), ip_src STRING, dst_port INT, payload BYTES"),
    GENERATED("datagen, count by VLAN", COUNT.text, "vlan_id INT"),
    STREAM("DataStream, the same three fields", null, null),
    BEFORE("SQL of the earlier version", PROJECT.text, PROJECT.columns),
    PACKED("packed topic, count by VLAN", COUNT.text, COUNT.columns),
    CONFLUENT(
        "avro-confluent, one frame a record",
        "SELECT vlan.id, COUNT(*) FROM packets GROUP BY vlan.id",
        "vlan ROW<id INT>");

    private final String title;
    private final String text;
    private final String columns;

    Query(String title, String text, String columns) {
      this.title = title;
      this.text = text;
      this.columns = columns;
    }
  }

  private static final List<Query> OF_FILES =
      List.of(Query.COUNT, Query.GENERATED, Query.PROJECT, Query.STREAM);

  /** The number of rounds, and the class path of an earlier version to compare with; or nothing. */
  static void main(String[] arguments) throws Exception {
    int rounds = arguments.length == 0 ? ROUNDS : Integer.parseInt(arguments[0]);
    String before = arguments.length < 2 ? null : arguments[1];
    Table table = new Table("frame", "rows of", "M/s", "÷ rows of", "M/s", "ratio", "goal");
    Path directory = Files.createTempDirectory(Path.of("target"), "bench");
    for (int i = 0; i < FRAMES.length; i++) {
      String frame = FRAME_BYTES[i] + " B";
      Path file = write(directory, FRAMES[i], FRAME_BYTES[i]);
      Map<Query, double[]> rates = new EnumMap<>(Query.class);
      for (int round = 0; round < rounds; round++) {
        for (Query query : OF_FILES) {
          rates.computeIfAbsent(query, any -> new double[rounds])[round] =
              Fork.run(Job.class, query, FRAMES[i], file) / 1e6;
        }
        if (before != null) {
          rates.computeIfAbsent(Query.BEFORE, any -> new double[rounds])[round] =
              Fork.run(before, Job.class, Query.BEFORE, FRAMES[i], file) / 1e6;
        }
      }
      addRow(table, frame, rates, Query.COUNT, Query.GENERATED, i == 0 ? "≥ 1.0" : "");
      addRow(table, frame, rates, Query.PROJECT, Query.STREAM, "≥ 0.6");
      if (before != null) {
        addRow(table, frame, rates, Query.PROJECT, Query.BEFORE, i == 0 ? "≥ 2" : "≥ 4");
      }
      if (i == 0) {
        addTopics(table, directory, file, rounds);
      }
      Files.delete(file);
    }
    FileUtils.deleteDirectory(directory.toFile());
    BenchPage.ofModule().write("sql", Machine.describe() + "\n\n" + table);
  }

  private static void addTopics(Table table, Path directory, Path file, int rounds)
      throws Exception {
    if (!Topics.canBeMade()) {
      System.err.println("no topics are measured: ./mvnw -DskipTests package builds the agent");
      return;
    }
    double[] packed = new double[rounds];
    double[] single = new double[rounds];
    try (Topics topics = new Topics(directory, file, PACKED_FRAMES, SINGLE_FRAMES)) {
      for (int round = 0; round < rounds; round++) {
        packed[round] =
            Fork.run(Job.class, Query.PACKED, PACKED_FRAMES, file, topics.brokers()) / 1e6;
        single[round] =
            Fork.run(
                    Job.class,
                    Query.CONFLUENT,
                    SINGLE_FRAMES,
                    file,
                    topics.brokers(),
                    topics.registry())
                / 1e6;
      }
    }
    Map<Query, double[]> rates = Map.of(Query.PACKED, packed, Query.CONFLUENT, single);
    addRow(table, FRAME_BYTES[0] + " B", rates, Query.PACKED, Query.CONFLUENT, "≥ 3");
  }

  private static void addRow(
      Table table,
      String frame,
      Map<Query, double[]> rates,
      Query first,
      Query second,
      String goal) {
    double[] ours = rates.get(first);
    double[] theirs = rates.get(second);
    Samples ratios =
        Samples.of(IntStream.range(0, ours.length).mapToDouble(i -> ours[i] / theirs[i]));
    table.row(frame, first.title, Samples.of(ours), second.title, Samples.of(theirs), ratios, goal);
  }

  /** UDP over IPv4 of many hosts in a few VLANs. */
  private static Path write(Path directory, int count, int bytes) throws IOException {
    Random random = new Random(1);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < DISTINCT_FRAMES; i++) {
      byte[] frame =
          Packets.ethernet(
              Packets.udp(
                  Packets.address(random, false),
                  random.nextInt(0x10000),
                  Packets.address(random, false),
                  random.nextInt(0x10000),
                  Packets.bytes(bytes - HEADERS_BYTES)));
      frames.add(Packets.tag(frame, 0x8100, random.nextInt(VLANS)));
    }
    Path file = directory.resolve(bytes + ".pcap");
    PcapFile.create(file);
    for (int written = 0; written < count; written += DISTINCT_FRAMES) {
      PcapFile.append(file, frames, written);
    }
    return file;
  }

  /** Runs a query twice; of the second job counts the time from its start to its end. */
  static final class Job {
    private Job() {}

    /** Query, rows, file, and of a topic broker and registry. */
    public static void main(String[] arguments) throws Exception {
      Query query = Query.valueOf(arguments[0]);
      long rows = Long.parseLong(arguments[1]);
      Callable<Long> job =
          query == Query.STREAM ? () -> stream(arguments[2]) : sql(query, rows, arguments);
      job.call();
      Fork.result(rows * 1e3 / job.call());
    }

    /** A job, which returns its milliseconds. */
    private static Callable<Long> sql(Query query, long rows, String[] arguments) {
      TableEnvironment tables =
          TableEnvironment.create(EnvironmentSettings.newInstance().inBatchMode().build());
      tables.getConfig().set("table.exec.resource.default-parallelism", "1");
      tables.executeSql(
          "CREATE TABLE packets ("
              + query.columns
              + ") WITH ("
              + options(query, rows, arguments)
              + ")");
      tables.executeSql(
          "CREATE TABLE nothing (`timestamp` TIMESTAMP_LTZ(9), ip_src STRING, dst_port INT)"
              + " WITH ('connector' = 'blackhole')");
      return () -> {
        TableResult result = tables.executeSql(query.text);
        if (!query.text.startsWith("INSERT")) {
          long[] counted = new long[1];
          result.collect().forEachRemaining(row -> counted[0] += (Long) row.getField(1));
          if (counted[0] != rows) {
            throw new IllegalStateException(counted[0] + " rows counted of " + rows);
          }
        }
        return result.getJobClient().orElseThrow().getJobExecutionResult().get().getNetRuntime();
      };
    }

    private static String options(Query query, long rows, String[] arguments) {
      String topic =
          "'connector' = 'kafka', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' ="
              + " 'latest-offset', 'topic' = '%s', 'properties.bootstrap.servers' = '%s', %s";
      return switch (query) {
        case GENERATED ->
            ("'connector' = 'datagen', 'rows-per-second' = '1000000000', 'number-of-rows' = '%d',"
                    + " 'fields.vlan_id.min' = '0', 'fields.vlan_id.max' = '%d'")
                .formatted(rows, VLANS - 1);
        case PACKED -> topic.formatted(Topics.PACKED, arguments[3], "'format' = 'ringtap'");
        case CONFLUENT ->
            topic.formatted(
                Topics.SINGLE,
                arguments[3],
                "'format' = 'avro-confluent', 'avro-confluent.url' = '" + arguments[4] + "'");
        default -> "'connector' = 'ringtap', 'path' = '" + arguments[2] + "'";
      };
    }

    private static long stream(String file) throws Exception {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
      env.setRuntimeMode(RuntimeExecutionMode.BATCH);
      PacketSource<Tuple3<Long, String, Integer>> source =
          PacketSource.<Tuple3<Long, String, Integer>>builder()
              .deserializer(new Fields())
              .files(Path.of(file))
              .build();
      env.fromSource(source, WatermarkStrategy.noWatermarks(), "packets")
          .sinkTo(new DiscardingSink<>());
      return env.execute().getNetRuntime();
    }
  }

  /** The fields that {@link Query#PROJECT} selects. */
  private static final class Fields implements PacketDeserializer<Tuple3<Long, String, Integer>> {
    private static final long serialVersionUID = 1;

    private transient PacketHeaders headers;

    @Override
    public void open() {
      headers = new PacketHeaders();
    }

    @Override
    public Tuple3<Long, String, Integer> deserialize(Frame frame) {
      headers.parse(frame);
      return Tuple3.of(frame.timestampNanos(), headers.ipSrc(), headers.dstPort());
    }

    @Override
    public TypeInformation<Tuple3<Long, String, Integer>> getProducedType() {
      return Types.TUPLE(Types.LONG, Types.STRING, Types.INT);
    }
  }
}
