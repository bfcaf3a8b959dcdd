package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.flink.source.PcapFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PcapFormatTest {
  private static final int FRAMES = 3_000;

  /** Several blocks of a MiB. */
  private static final int FRAME_BYTES = 1_000;

  private final PcapFormat format = format(PacketColumn.SEQUENCE, PacketColumn.PAYLOAD);

  @TempDir Path directory;

  private static PcapFormat format(PacketColumn... columns) {
    return new PcapFormat(
        List.of(columns),
        Arrays.stream(columns).map(each -> each.dataType().getLogicalType()).toList(),
        null);
  }

  private Path file() throws IOException {
    return PcapFile.writeNumbered(directory.resolve("frames.pcap"), FRAMES, FRAME_BYTES);
  }

  private static FileSourceSplit split(Path file, long emitted) throws IOException {
    long size = Files.size(file);
    FileSourceSplit split =
        new FileSourceSplit(
            "split", new org.apache.flink.core.fs.Path(file.toUri()), 0, size, 0, size);
    return emitted == 0
        ? split
        : split.updateWithCheckpointedPosition(
            new CheckpointedPosition(CheckpointedPosition.NO_OFFSET, emitted));
  }

  private BulkFormat.Reader<RowData> reader(Path file, long emitted) throws IOException {
    FileSourceSplit split = split(file, emitted);
    return emitted == 0
        ? format.createReader(new Configuration(), split)
        : format.restoreReader(new Configuration(), split);
  }

  /** All rows' sequences; checks payloads and positions on the way. */
  private static List<Long> drain(BulkFormat.Reader<RowData> reader) throws IOException {
    List<Long> sequences = new ArrayList<>();
    BulkFormat.RecordIterator<RowData> batch;
    while ((batch = reader.readBatch()) != null) {
      RecordAndPosition<RowData> next;
      while ((next = batch.next()) != null) {
        RowData row = next.getRecord();
        long sequence = row.getLong(0);
        assertThat(row.getBinary(1)).hasSize(FRAME_BYTES);
        assertThat(next.getRecordSkipCount()).isEqualTo(sequence + 1);
        sequences.add(sequence);
      }
      batch.releaseBatch();
    }
    return sequences;
  }

  @Test
  void aRestoredReaderGoesOnAfterTheLastRow() throws IOException {
    Path file = file();
    for (long emitted : new long[] {0, 1, 1043, 1044, 1045, 2_000, FRAMES - 1, FRAMES}) {
      try (BulkFormat.Reader<RowData> reader = reader(file, emitted)) {
        List<Long> sequences = drain(reader);
        assertThat(sequences).hasSize((int) (FRAMES - emitted)).doesNotHaveDuplicates().isSorted();
        if (emitted < FRAMES) {
          assertThat(sequences.get(0)).isEqualTo(emitted);
        }
      }
    }
  }

  /** Flink closes a reader when it has no further batch, and emits the last ones then. */
  @Test
  void batchesOutliveTheirReader() throws IOException {
    BulkFormat.Reader<RowData> reader = reader(file(), 0);
    BulkFormat.RecordIterator<RowData> first = reader.readBatch();
    BulkFormat.RecordIterator<RowData> second = reader.readBatch();
    reader.close();
    assertThat(first.next().getRecord().getLong(0)).isZero();
    first.releaseBatch();
    assertThat(second.next().getRecord().getBinary(1)).hasSize(FRAME_BYTES);
    second.releaseBatch();
    assertThatThrownBy(second::next).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void compressedFilesAreRead() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(Files.readAllBytes(file()));
    }
    Path file = Files.write(directory.resolve("frames.pcap.gz"), packed.toByteArray());
    try (BulkFormat.Reader<RowData> reader = reader(file, 10)) {
      assertThat(drain(reader)).hasSize(FRAMES - 10);
    }
  }

  /** What is wrong with a file is said as by {@code 'connector' = 'ringtap'}. */
  @Test
  void brokenFilesFailAsTheFileConnectorDoes() throws IOException {
    byte[] whole = Files.readAllBytes(file());
    byte[] badLength = whole.clone();
    Arrays.fill(
        badLength, 24 + 5 * (16 + FRAME_BYTES) + 8, 24 + 5 * (16 + FRAME_BYTES) + 12, (byte) -1);
    List<byte[]> broken =
        List.of(
            new byte[0],
            "no capture".getBytes(),
            Arrays.copyOf(whole, 3),
            Arrays.copyOf(whole, 20),
            Arrays.copyOf(whole, whole.length - 1),
            badLength);
    for (byte[] bytes : broken) {
      Path file = Files.write(directory.resolve("broken.pcap"), bytes);
      String expected = failure(() -> read(file));
      assertThat(expected).contains("broken.pcap, byte ");
      assertThat(
              failure(
                  () -> {
                    try (BulkFormat.Reader<RowData> reader = reader(file, 0)) {
                      drain(reader);
                    }
                  }))
          .isEqualTo(expected);
    }
  }

  private interface Reading {
    void run() throws IOException;
  }

  private static String failure(Reading reading) {
    try {
      reading.run();
      return "none";
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  private static void read(Path path) throws IOException {
    try (CaptureFile file = CaptureFile.open(path)) {
      while (!file.isEnded()) {
        Block block = file.poll(1000);
        if (block != null) {
          block.close();
        }
      }
    }
  }
}
