package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.flink.flow.FlowCapture;
import dev.ringtap.flink.source.CaptureLab;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.lab.PrivateNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same frames by a live ring, by a file, by Flink's file systems, and by topics that the agent
 * wrote, packed and not, with a registry and without: the same rows. What SQL writes to a topic is
 * what the agent writes.
 */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
@Timeout(300)
class FourWaysIT {
  private static final int WAIT_SECONDS = 120;

  /** Of the capture and not of the frame, and as whom the wire's other end is sent to. */
  private static final List<PacketColumn> OF_THE_CAPTURE =
      List.of(
          PacketColumn.TIMESTAMP,
          PacketColumn.HOST,
          PacketColumn.INTERFACE_NAME,
          PacketColumn.CAPTURE_START,
          PacketColumn.PACKET_TYPE);

  @TempDir Path directory;

  /** At most eight tags: the decoder follows no more, also if one of nine lies beside the frame. */
  private final List<byte[]> frames =
      SampleFrames.decidable().stream().filter(each -> !hasManyTags(each)).toList();

  private RingtapCommand.Broker broker;
  private StreamTableEnvironment tables;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(
        RingtapCommand.isBuilt(), "needs " + RingtapCommand.JAR + ", which `./mvnw verify` builds");
    broker = RingtapCommand.startBroker(directory);
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.createLocalEnvironment(1));
  }

  @AfterEach
  void stop() {
    if (broker != null) {
      broker.close();
    }
  }

  private static boolean hasManyTags(byte[] frame) {
    return frame.length > 44 && frame[12] == (byte) 0x81 && frame[12 + 8 * 4] == (byte) 0x81;
  }

  /** A topic of the agent's from a file. */
  private void capture(Path file, String topic, String... more) throws Exception {
    Path out = directory.resolve(topic + ".txt");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "capture",
                "-r",
                file.toString(),
                "-b",
                broker.address(),
                "-t",
                topic,
                "--partitions",
                "1"));
    arguments.addAll(Arrays.asList(more));
    Process agent = RingtapCommand.start(out, arguments.toArray(String[]::new));
    assertThat(agent.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(agent.exitValue()).as(Files.readString(out)).isZero();
  }

  private void table(String name, String columns, Map<String, String> options) {
    tables.executeSql(
        options.entrySet().stream()
            .map(each -> "'" + each.getKey() + "' = '" + each.getValue() + "'")
            .collect(
                Collectors.joining(
                    ", ", "CREATE TABLE " + name + " (" + columns + ") WITH (", ")")));
  }

  private static String allColumns() {
    return Arrays.stream(PacketColumn.values())
        .map(each -> "`" + each.columnName() + "` " + each.typeName())
        .collect(Collectors.joining(", "));
  }

  private void topic(String name, String columns, String... format) {
    Map<String, String> options = new HashMap<>();
    options.put("connector", "kafka");
    options.put("topic", name.replaceFirst("_raw$", ""));
    options.put("properties.bootstrap.servers", broker.address());
    options.put("scan.startup.mode", "earliest-offset");
    options.put("scan.bounded.mode", "latest-offset");
    for (int i = 0; i < format.length; i += 2) {
      options.put(format[i], format[i + 1]);
    }
    table(name, columns, options);
  }

  private List<String> rows(String query) throws Exception {
    List<String> rows = new ArrayList<>();
    try (CloseableIterator<Row> all = tables.executeSql(query).collect()) {
      while (all.hasNext()) {
        Row row = all.next();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < row.getArity(); i++) {
          Object value = row.getField(i);
          values.add(
              value instanceof byte[]
                  ? HexFormat.of().formatHex((byte[]) value)
                  : String.valueOf(value));
        }
        rows.add(String.join(" ", values));
      }
    }
    rows.sort(null);
    return rows;
  }

  private List<String> values(String topic) throws Exception {
    topic(topic + "_raw", "v BYTES", "format", "raw");
    return rows("SELECT v FROM " + topic + "_raw");
  }

  @Test
  void oneCaptureHasTheSameRowsWhicheverWayItComes() throws Exception {
    Path file = PcapFile.write(directory.resolve("frames.pcap"), frames);
    table("file", allColumns(), Map.of("connector", "ringtap", "path", file.toString()));
    List<String> expected = rows("SELECT * FROM file");
    assertThat(expected).hasSameSizeAs(frames);

    table(
        "files",
        allColumns(),
        Map.of("connector", "filesystem", "format", "pcap", "path", file.toUri().toString()));
    assertThat(rows("SELECT * FROM files")).isEqualTo(expected);
    Path archive = directory.resolve("archive");
    table(
        "archive",
        allColumns(),
        Map.of("connector", "filesystem", "format", "pcap", "path", archive.toUri().toString()));
    tables.executeSql("INSERT INTO archive SELECT * FROM files").await();
    assertThat(rows("SELECT * FROM archive")).isEqualTo(expected);

    try (StubRegistry registry = new StubRegistry()) {
      String[] plain = {"format", "ringtap"};
      String[] registered = {"format", "ringtap", "ringtap.registry", registry.url()};
      capture(file, "single");
      capture(file, "packed", "--frames-per-record", "auto");
      capture(file, "registered", "--registry", registry.url());
      capture(file, "registeredPacked", "--registry", registry.url(), "--frames-per-record", "50");
      topic("single", allColumns(), plain);
      topic("packed", allColumns(), plain);
      topic("registered", allColumns(), registered);
      topic("registeredPacked", allColumns(), registered);
      for (String each : List.of("single", "packed", "registered", "registeredPacked")) {
        assertThat(rows("SELECT * FROM " + each)).as(each).isEqualTo(expected);
      }

      topic("written", allColumns(), plain);
      topic("writtenRegistered", allColumns(), registered);
      for (String each : List.of("written", "writtenRegistered")) {
        // makes the topic, and writes nothing
        capture(PcapFile.write(directory.resolve("empty.pcap"), List.of()), each);
        tables.executeSql("INSERT INTO " + each + " SELECT * FROM file").await();
      }
      assertThat(values("written")).hasSameSizeAs(frames).isEqualTo(values("single"));
      assertThat(values("writtenRegistered")).isEqualTo(values("registered"));
    }
  }

  @Test
  void flowsOfATopicAreThoseOfTheFunction() throws Exception {
    Path file = FlowCapture.write(directory.resolve("flows.pcapng"), 5000);
    table(
        "file",
        allColumns()
            + ", ts AS CAST(`timestamp` AS TIMESTAMP_LTZ(3)), WATERMARK FOR ts AS ts - INTERVAL"
            + " '1' SECOND",
        Map.of("connector", "ringtap", "path", file.toString()));
    tables.executeSql("LOAD MODULE ringtap");
    String names =
        Arrays.stream(FlowColumn.values())
            .map(each -> "`" + each.columnName() + "`")
            .collect(Collectors.joining(", "));
    List<String> expected =
        rows(
            "SELECT "
                + names
                + " FROM flows(input => TABLE file PARTITION BY (host, interface_name,"
                + " capture_start, `member`), on_time => DESCRIPTOR(ts))");
    assertThat(expected).hasSizeGreaterThan(100);
    String columns =
        Arrays.stream(FlowColumn.values())
            .map(each -> "`" + each.columnName() + "` " + each.typeName())
            .collect(Collectors.joining(", "));
    try (StubRegistry registry = new StubRegistry()) {
      capture(file, "beside", "--flows", "flowsSingle");
      capture(file, "besideRegistered", "--flows", "flowsById", "--registry", registry.url());
      topic("flowsSingle", columns, "format", "ringtap", "ringtap.records", "flows");
      topic(
          "flowsById",
          columns,
          "format",
          "ringtap",
          "ringtap.records",
          "flows",
          "ringtap.registry",
          registry.url());
      assertThat(rows("SELECT * FROM flowsSingle")).isEqualTo(expected);
      assertThat(rows("SELECT * FROM flowsById")).isEqualTo(expected);
      assertThat(rows("SELECT src_port, packets FROM flowsSingle")).hasSameSizeAs(expected);
    }
  }

  @Test
  void aLiveRingHasTheRowsOfTheFile() throws Exception {
    Path file = PcapFile.write(directory.resolve("frames.pcap"), frames);
    String ofTheFrame =
        Arrays.stream(PacketColumn.values())
            .filter(each -> !OF_THE_CAPTURE.contains(each))
            .map(each -> "`" + each.columnName() + "`")
            .collect(Collectors.joining(", "));
    table("file", allColumns(), Map.of("connector", "ringtap", "path", file.toString()));
    try (CaptureLab lab = CaptureLab.createOrSkip()) {
      table(
          "live",
          allColumns(),
          Map.of(
              "connector",
              "ringtap",
              "interface",
              PrivateNetwork.RIGHT,
              "network-namespace",
              lab.network().path(),
              "ring-size",
              "8",
              "retire-timeout",
              "500",
              "limit",
              "" + frames.size()));
      CompletableFuture<Void> sending = lab.sendWhenOpened(1, frames);
      assertThat(rows("SELECT " + ofTheFrame + " FROM live"))
          .isEqualTo(rows("SELECT " + ofTheFrame + " FROM file"));
      sending.join();
    }
  }
}
