package dev.ringtap.flink.table;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.MutableRecordAndPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;

/**
 * Rows of capture files that lie on any of Flink's file systems. A file is one split, since neither
 * format tells in its middle where a frame begins; a restore reads it from its start and leaves out
 * the frames that were emitted.
 */
final class PcapFormat implements BulkFormat<RowData, FileSourceSplit> {
  private static final long serialVersionUID = 1;

  private static final Cleaner CLEANER = Cleaner.create();
  private static final int POLL_TIMEOUT_MILLIS = 1000;

  private final ArrayList<PacketColumn> columns;
  private final ArrayList<LogicalType> types;
  private final TypeInformation<RowData> type;

  /**
   * @param columns those that the query reads
   * @param types the types that they are declared with
   * @param type what a row is to Flink
   */
  PcapFormat(List<PacketColumn> columns, List<LogicalType> types, TypeInformation<RowData> type) {
    this.columns = new ArrayList<>(columns);
    this.types = new ArrayList<>(types);
    this.type = type;
  }

  @Override
  public Reader<RowData> createReader(Configuration config, FileSourceSplit split)
      throws IOException {
    return open(split.path(), 0);
  }

  @Override
  public Reader<RowData> restoreReader(Configuration config, FileSourceSplit split)
      throws IOException {
    return open(
        split.path(),
        split.getReaderPosition().map(CheckpointedPosition::getRecordsAfterOffset).orElse(0L));
  }

  private Reader<RowData> open(Path path, long emitted) throws IOException {
    FSDataInputStream stream = path.getFileSystem().open(path);
    CaptureFile file = CaptureFile.open(stream, path.getName());
    if (columns.stream().noneMatch(PacketColumn::needsWholeFrame)) {
      file.snapLength(PacketTableScan.HEADERS_BYTES);
    }
    RowDeserializer rows = RowDeserializer.reusing(columns, types, type, new ParsedHeaders());
    rows.open();
    return new FileReader(file, rows, emitted);
  }

  @Override
  public boolean isSplittable() {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }

  /** Flink closes it while blocks are on their way to the task's thread. */
  private static final class FileReader implements Reader<RowData> {
    private final CaptureFile file;
    private final RowDeserializer rows;
    private final long emitted;

    /** The blocks that are out, and 1 until the close: the file's memory stays for so long. */
    private final AtomicInteger users = new AtomicInteger(1);

    /** Frees the memory, also of a job that is canceled and releases no block. */
    private final Cleaner.Cleanable memory;

    FileReader(CaptureFile file, RowDeserializer rows, long emitted) {
      this.file = file;
      this.rows = rows;
      this.emitted = emitted;
      memory = CLEANER.register(this, () -> end(file));
    }

    private static void end(CaptureFile file) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public @Nullable RecordIterator<RowData> readBatch() throws IOException {
      while (!file.isEnded()) {
        Block block = file.poll(POLL_TIMEOUT_MILLIS);
        if (block == null) {
          continue;
        }
        if (block.firstSequence() + block.frameCount() > emitted) {
          users.incrementAndGet();
          return new Rows(this, block);
        }
        block.close();
      }
      return null;
    }

    @Override
    public void close() throws IOException {
      file.stop();
      release();
    }

    private void release() {
      if (users.decrementAndGet() == 0) {
        memory.clean();
      }
    }
  }

  /** A block's rows. */
  private static final class Rows implements BulkFormat.RecordIterator<RowData> {
    private final FileReader reader;
    private final Block block;
    private final MutableRecordAndPosition<RowData> next = new MutableRecordAndPosition<>();

    Rows(FileReader reader, Block block) {
      this.reader = reader;
      this.block = block;
    }

    @Override
    public @Nullable RecordAndPosition<RowData> next() {
      Frame frame;
      do {
        frame = block.next();
        if (frame == null) {
          return null;
        }
      } while (frame.sequence() < reader.emitted);
      next.set(
          reader.rows.deserialize(frame), CheckpointedPosition.NO_OFFSET, frame.sequence() + 1);
      return next;
    }

    @Override
    public void releaseBatch() {
      block.close();
      reader.release();
    }
  }
}
