package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.flink.flow.FlowCapture;
import dev.ringtap.flink.source.BadValues;
import dev.ringtap.flink.source.BadValuesCounter;
import dev.ringtap.record.BadValueException;
import dev.ringtap.record.Flow;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a topic of flows. */
@Timeout(60)
class FlowFormatTest {
  private static final List<FlowColumn> COLUMNS =
      List.of(
          FlowColumn.FLOW_START,
          FlowColumn.IP_SRC,
          FlowColumn.ICMP_TYPE,
          FlowColumn.END_REASON,
          FlowColumn.RETRANSMISSIONS,
          FlowColumn.CAPTURE_LOSS);

  @TempDir Path directory;

  private final Counter badValues = new SimpleCounter();

  private FlowRows rows(boolean skipsBadValues) throws Exception {
    FlowRows rows =
        new FlowRows(
            COLUMNS,
            COLUMNS.stream().map(each -> each.dataType().getLogicalType()).toList(),
            null,
            null,
            List.of(),
            new BadValues(skipsBadValues));
    FlowRows shipped = InstantiationUtil.clone(rows);
    shipped.open(new BadValuesCounter(badValues));
    return shipped;
  }

  private static byte[] bytes(Flow flow) throws Exception {
    ByteBuffer encoded = Flow.getEncoder().encode(flow);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  @Test
  void aValueIsARow() throws Exception {
    FlowRows rows = rows(false);
    for (Flow flow : FlowCapture.flows(FlowCapture.write(directory.resolve("a.pcapng"), 1000))) {
      RowData row = rows.deserialize(bytes(flow));
      assertThat(row.getTimestamp(0, 9).toInstant()).isEqualTo(flow.getFlowStartNanoseconds());
      assertThat(row.getString(1)).hasToString(flow.getSourceIPAddress());
      assertThat(row.isNullAt(2)).isEqualTo(flow.getIcmpTypeCode() == null);
      assertThat(row.getString(3)).hasToString(flow.getFlowEndReason().name());
      assertThat(row.isNullAt(4)).isEqualTo(flow.getTcp() == null);
      assertThat(row.getLong(5)).isEqualTo(flow.getCaptureLoss());
    }
    assertThat(rows.deserialize(null)).as("a tombstone").isNull();
  }

  @Test
  void badValuesFailOrAreSkipped() throws Exception {
    Path file = FlowCapture.write(directory.resolve("a.pcapng"), 100);
    byte[] whole = bytes(FlowCapture.flows(file).getFirst());
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> rows(false).deserialize(cut)).isInstanceOf(BadValueException.class);
    }
    assertThat(rows(true).deserialize(Arrays.copyOf(whole, whole.length + 1))).isNull();
    assertThat(badValues.getCount()).isEqualTo(1);
  }

  private static String table(String column) {
    return "CREATE TABLE flows ("
        + column
        + ") WITH ('connector' = 'kafka', 'topic' = 'flows', 'properties.bootstrap.servers' ="
        + " 'x:1', 'format' = 'ringtap', 'ringtap.records' = 'flows')";
  }

  @Test
  void errorsSayWhatToDo() {
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment());
    tables.executeSql(table("vlan_priority INT"));
    assertThatThrownBy(() -> tables.explainSql("SELECT * FROM flows"))
        .hasStackTraceContaining(
            "a table of flows has no column 'vlan_priority'; there are: `host` STRING,");
    tables.executeSql("DROP TABLE flows");
    tables.executeSql(table("packets BIGINT"));
    assertThatThrownBy(() -> tables.explainSql("INSERT INTO flows SELECT 1"))
        .hasStackTraceContaining(
            "a topic of flows is only read; leave out ringtap.records to write packets");
  }
}
