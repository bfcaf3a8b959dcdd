package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.FrameFlags;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.packet.CommunityId;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Columns that tell which capture a frame is of, how it was seen, and its conversation. */
@Timeout(60)
class CaptureColumnsTest {
  private static final byte[] UDP =
      Packets.ethernet(Packets.udp("10.0.0.1", 1000, "10.0.0.2", 53, new byte[20]));
  private static final byte[] REPLY =
      Packets.ethernet(Packets.udp("10.0.0.2", 53, "10.0.0.1", 1000, new byte[20]));
  private static final byte[] ARP =
      Packets.ethernet(
          0x0806, Packets.arp(1, Packets.MAC_1, "10.0.0.1", Packets.MAC_2, "10.0.0.2"));

  @TempDir Path directory;

  private static RowDeserializer rows(PacketColumn... columns) {
    List<LogicalType> types = new ArrayList<>();
    for (PacketColumn column : columns) {
      types.add(column.dataType().getLogicalType());
    }
    RowDeserializer rows = new RowDeserializer(List.of(columns), types, null);
    rows.open();
    return rows;
  }

  private static void start(BlockBuilder builder, CaptureId capture, int flags, byte[] bytes) {
    builder.start(capture, LinkType.ETHERNET, 262_144);
    builder.flags(flags);
    MemorySegment memory = MemorySegment.ofArray(bytes);
    builder.append(1, bytes.length, PacketType.OTHERHOST, 0, memory, 0, bytes.length);
  }

  /** Rows share the values of a capture; another capture has its own. */
  @Test
  void aRowTellsItsCapture() {
    RowDeserializer rows =
        rows(
            PacketColumn.HOST,
            PacketColumn.INTERFACE_NAME,
            PacketColumn.CAPTURE_START,
            PacketColumn.MEMBER,
            PacketColumn.PACKET_TYPE);
    try (BlockBuilder builder = new BlockBuilder(1 << 16)) {
      for (int member = 0; member < 2; member++) {
        long start = 1_767_225_607_987_654L + member;
        start(builder, new CaptureId("node" + member, "eth0", start, member), 0, UDP);
        try (Block block = builder.build(0, 0)) {
          RowData row = rows.deserialize(block.next());
          assertThat(row.getString(0).toString()).isEqualTo("node" + member);
          assertThat(row.getString(1).toString()).isEqualTo("eth0");
          assertThat(row.getTimestamp(2, 6).toInstant())
              .isEqualTo(Instant.parse("2026-01-01T00:00:07.98765" + (4 + member) + "Z"));
          assertThat(row.getInt(3)).isEqualTo(member);
          assertThat(row.getString(4).toString()).isEqualTo("OTHERHOST");
        }
      }
    }
  }

  @Test
  void flagsAreANumberAndAColumnForEach() {
    RowDeserializer rows =
        rows(
            PacketColumn.FLAGS,
            PacketColumn.HARDWARE_CLOCK,
            PacketColumn.CHECKSUM_NOT_READY,
            PacketColumn.MERGED);
    try (BlockBuilder builder = new BlockBuilder(1 << 16)) {
      for (int flags = 0; flags < 8; flags++) {
        start(builder, CaptureId.on("eth0"), flags, UDP);
        try (Block block = builder.build(0, 0)) {
          RowData row = rows.deserialize(block.next());
          assertThat(row.getInt(0)).isEqualTo(flags);
          assertThat(row.getBoolean(1)).isEqualTo((flags & FrameFlags.HARDWARE_CLOCK) != 0);
          assertThat(row.getBoolean(2)).isEqualTo((flags & FrameFlags.CHECKSUM_NOT_READY) != 0);
          assertThat(row.getBoolean(3)).isEqualTo((flags & FrameFlags.MERGED) != 0);
        }
      }
    }
  }

  @Test
  void bothDirectionsOfAConversationHaveOneCommunityId() {
    RowDeserializer rows = rows(PacketColumn.COMMUNITY_ID);
    List<Object> ids = new ArrayList<>();
    try (BlockBuilder builder = new BlockBuilder(1 << 16)) {
      for (byte[] bytes : List.of(UDP, REPLY, ARP)) {
        start(builder, CaptureId.on("eth0"), 0, bytes);
        try (Block block = builder.build(0, 0)) {
          Frame frame = block.next();
          RowData row = rows.deserialize(frame);
          String expected = new CommunityId().of(new PacketHeaders().parse(frame));
          ids.add(row.isNullAt(0) ? null : row.getString(0).toString());
          assertThat(ids.get(ids.size() - 1)).isEqualTo(expected);
        }
      }
    }
    assertThat(ids.get(0)).isNotNull().isEqualTo(ids.get(1));
    assertThat(ids.get(2)).isNull();
  }

  private List<Row> query(String select, String options) throws Exception {
    Path file = PcapFile.write(directory.resolve("frames.pcap"), List.of(UDP, ARP));
    StreamTableEnvironment tables = PushDownIT.tables();
    tables.executeSql(
        "CREATE TABLE packets (host STRING, interface_name STRING, capture_start TIMESTAMP_LTZ(3)"
            + " NOT NULL, merged BOOLEAN, community_id STRING, payload BYTES, `timestamp`"
            + " TIMESTAMP_LTZ(9)) WITH ('connector' = 'ringtap', 'path' = '"
            + file
            + "'"
            + options
            + ")");
    return Queries.rows(tables, select);
  }

  @Test
  void aPcapFileHasNoHostUnlessItIsGiven() throws Exception {
    assertThat(query("SELECT host, interface_name FROM packets WHERE NOT merged", ""))
        .containsExactly(Row.of("", "frames.pcap"), Row.of("", "frames.pcap"));
    assertThat(query("SELECT host FROM packets", ", 'host-name' = 'probe-7'"))
        .containsExactly(Row.of("probe-7"), Row.of("probe-7"));
  }

  @Test
  void aPcapFileStartsWithItsFirstFrame() throws Exception {
    List<Row> rows =
        query(
            "SELECT CAST(`timestamp` AS TIMESTAMP_LTZ(3)), capture_start, community_id FROM"
                + " packets",
            "");
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).getField(1)).isEqualTo(rows.get(0).getField(0));
    assertThat(rows.get(1).getField(1)).isEqualTo(rows.get(0).getField(0));
    assertThat(rows.get(0).getField(2)).asString().startsWith("1:");
    assertThat(rows.get(1).getField(2)).isNull();
  }
}
