package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class RowDeserializerTest {
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
}
