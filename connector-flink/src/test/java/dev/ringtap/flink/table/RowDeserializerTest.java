package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class RowDeserializerTest {
  private static final int FRAMES = 5_000;

  @TempDir Path directory;

  /** 2026-01-01T00:00:07.987654Z. */
  private static final long START_MICROS = 1_767_225_607_987_654L;

  /** Truncated, as Flink's own casts do it. */
  @ParameterizedTest
  @CsvSource({
    "0, 2026-01-01T00:00:07Z",
    "1, 2026-01-01T00:00:07.9Z",
    "2, 2026-01-01T00:00:07.98Z",
    "3, 2026-01-01T00:00:07.987Z",
    "4, 2026-01-01T00:00:07.9876Z",
    "6, 2026-01-01T00:00:07.987654Z",
    "8, 2026-01-01T00:00:07.98765432Z",
    "9, 2026-01-01T00:00:07.987654321Z"
  })
  void aTimestampHasTheDigitsOfItsType(int precision, String expected) {
    Instant seen = Instant.parse("2026-01-01T00:00:07.987654321Z");
    RowDeserializer rows =
        new RowDeserializer(
            List.of(PacketColumn.TIMESTAMP, PacketColumn.CAPTURE_START),
            List.of(new LocalZonedTimestampType(precision), new LocalZonedTimestampType(precision)),
            null);
    rows.open();
    try (BlockBuilder builder = new BlockBuilder(1 << 16)) {
      builder.start(new CaptureId("node1", "eth0", START_MICROS, 3), LinkType.ETHERNET, 100);
      builder.append(
          seen.getEpochSecond() * 1_000_000_000 + seen.getNano(),
          60,
          PacketType.HOST,
          0,
          MemorySegment.ofArray(new byte[60]),
          0,
          60);
      try (Block block = builder.build(0, 0)) {
        RowData row = rows.deserialize(block.next());
        assertThat(row.getTimestamp(0, precision).toInstant()).isEqualTo(expected);
        Instant start = Instant.parse(expected).truncatedTo(ChronoUnit.MICROS);
        assertThat(row.getTimestamp(1, precision).toInstant()).isEqualTo(start);
      }
    }
  }

  private static RowDeserializer rows(List<PacketColumn> columns, boolean reusing) {
    List<LogicalType> types =
        columns.stream().map(each -> each.dataType().getLogicalType()).toList();
    RowDeserializer rows =
        reusing
            ? RowDeserializer.reusing(columns, types, null, new ParsedHeaders())
            : new RowDeserializer(columns, types, null);
    rows.open();
    return rows;
  }

  private static List<String> fields(List<PacketColumn> columns, RowData row) {
    List<String> fields = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Object value =
          RowData.createFieldGetter(columns.get(i).dataType().getLogicalType(), i)
              .getFieldOrNull(row);
      fields.add(
          columns.get(i).columnName()
              + " "
              + (value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value));
    }
    return fields;
  }

  /** Rows of a file's frames. */
  private static List<List<String>> read(
      Path path, List<PacketColumn> columns, boolean reusing, int snapLength) throws IOException {
    RowDeserializer rows = rows(columns, reusing);
    List<List<String>> read = new ArrayList<>();
    try (CaptureFile file = CaptureFile.open(path).snapLength(snapLength)) {
      while (!file.isEnded()) {
        try (Block block = file.poll(1000)) {
          Frame frame;
          while (block != null && (frame = block.next()) != null) {
            read.add(fields(columns, rows.deserialize(frame)));
          }
        }
      }
    }
    return read;
  }

  /** A row that is written again shows what a row of its own does: each address, NULL and text. */
  @Test
  void aReusedRowShowsTheSame() throws IOException {
    List<PacketColumn> all = List.of(PacketColumn.values());
    List<byte[]> frames = Packets.stream(20_261_129).limit(FRAMES).toList();
    Path file = PcapFile.write(directory.resolve("frames.pcap"), frames);
    List<List<String>> own = read(file, all, false, Integer.MAX_VALUE);
    assertThat(own).hasSameSizeAs(frames);
    assertThat(read(file, all, true, Integer.MAX_VALUE)).isEqualTo(own);
  }

  /** What is cut off a frame is not needed by the columns that a query reads without it. */
  @Test
  void headersAreEnough() throws IOException {
    List<PacketColumn> some =
        Arrays.stream(PacketColumn.values()).filter(each -> !each.needsWholeFrame()).toList();
    List<byte[]> frames = Packets.stream(20_261_130).limit(FRAMES).toList();
    Path file = PcapFile.write(directory.resolve("frames.pcap"), frames);
    assertThat(read(file, some, true, PacketTableScan.HEADERS_BYTES))
        .isEqualTo(read(file, some, true, Integer.MAX_VALUE));
  }
}
