package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.flink.flow.FlowCapture;
import dev.ringtap.record.Flow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Flows of a table of packets, in SQL. */
@Timeout(200)
class FlowsFunctionIT {
  @TempDir Path directory;

  private StreamTableEnvironment tables;
  private Path file;

  @BeforeEach
  void start() throws Exception {
    file = FlowCapture.write(directory.resolve("trace.pcapng"), 10_000);
    assertThat(Files.size(file)).as("several splits").isGreaterThan(1 << 20);
    Configuration often = new Configuration();
    // a watermark between most frames: flows time out before the frame that follows them is counted
    often.set(PipelineOptions.AUTO_WATERMARK_INTERVAL, Duration.ofMillis(1));
    tables =
        StreamTableEnvironment.create(StreamExecutionEnvironment.createLocalEnvironment(2, often));
    tables.executeSql("LOAD MODULE ringtap");
    tables.executeSql(
        """
        CREATE TABLE packets (
          `timestamp` TIMESTAMP_LTZ(9),
          host STRING,
          interface_name STRING,
          capture_start TIMESTAMP_LTZ(6),
          `member` INT,
          sequence BIGINT,
          lost_before BIGINT,
          original_length INT,
          link_type INT,
          community_id STRING,
          payload BYTES,
          ts AS CAST(`timestamp` AS TIMESTAMP_LTZ(3)),
          WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
        ) WITH ('connector' = 'ringtap', 'path' = '%s', 'split-size' = '500kb')
        """
            .formatted(file));
  }

  private List<Row> rows(String query) throws Exception {
    return Queries.rows(tables, query);
  }

  private static String text(Flow flow) {
    return Arrays.stream(FlowColumn.values())
        .map(each -> each.value(flow, each.dataType().getLogicalType()))
        .map(value -> value instanceof TimestampData time ? time.toInstant() : value)
        .map(String::valueOf)
        .collect(Collectors.joining(", "));
  }

  /** Two readers share the file. */
  @Test
  void flowsOfACaptureAreTheAgents() throws Exception {
    List<String> flows =
        rows(
                "SELECT * FROM flows(input => TABLE packets PARTITION BY (host, interface_name,"
                    + " capture_start, `member`) ORDER BY (ts, sequence), on_time => DESCRIPTOR(ts))")
            .stream()
            .map(
                row ->
                    Arrays.stream(FlowColumn.values())
                        .map(each -> String.valueOf(row.getField(each.columnName())))
                        .collect(Collectors.joining(", ")))
            .toList();
    List<String> expected = FlowCapture.flows(file).stream().map(FlowsFunctionIT::text).toList();
    assertThat(flows).filteredOn(each -> !expected.contains(each)).isEmpty();
    assertThat(flows).hasSameSizeAs(expected).doesNotHaveDuplicates();
  }

  @Test
  void everyPacketIsCountedOnceInWhicheverPartition() throws Exception {
    Row sums =
        rows("SELECT SUM(packets + reverse_packets), COUNT(*) FROM flows(input => TABLE packets"
                + " PARTITION BY community_id, on_time => DESCRIPTOR(ts), idle => INTERVAL '5'"
                + " SECOND, active => INTERVAL '20' SECOND)")
            .getLast();
    List<Flow> flows = FlowCapture.flows(file);
    assertThat(sums.getField(0))
        .isEqualTo(
            flows.stream()
                .mapToLong(flow -> flow.getPacketDeltaCount() + flow.getReversePacketDeltaCount())
                .sum());
    assertThat((Long) sums.getField(1)).as("shorter time-outs").isGreaterThan(flows.size());
  }

  @Test
  void aTableThatLacksColumnsIsRefused() {
    tables.executeSql(
        "CREATE TABLE few (`timestamp` TIMESTAMP_LTZ(3), ip_src STRING, WATERMARK FOR `timestamp`"
            + " AS SOURCE_WATERMARK()) WITH ('connector' = 'ringtap', 'interface' = 'eth0')");
    assertThatThrownBy(
            () ->
                tables.explainSql(
                    "SELECT * FROM flows(input => TABLE few PARTITION BY ip_src, on_time =>"
                        + " DESCRIPTOR(`timestamp`))"))
        .hasStackTraceContaining("without the column `payload`; add it");
  }
}
