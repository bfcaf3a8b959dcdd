package dev.ringtap.kafka.connect;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.FileFingerprint;
import dev.ringtap.file.FileFrameFilter;
import dev.ringtap.file.FileRange;
import dev.ringtap.filter.FrameFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Replays a capture file from a position; each record's offset is the position after it. */
final class FileReader implements PacketReader {
  private final Path path;
  private final CaptureFile file;
  private final boolean packed;
  private final @Nullable FileFrameFilter filter;
  private final RecordMaker maker;
  private final TaskLedger ledger;
  private final Map<String, String> partition;

  private final @Nullable FileFingerprint fingerprint;
  private final long firstFrame;
  private long sequence;

  /** Losses before frames that the filter excluded, for the next one that it keeps. */
  private long lost;

  /**
   * @param filter null keeps all
   * @param host of all frames; null for what the file says
   * @param partition Connect's name for the file
   */
  FileReader(
      Path path,
      @Nullable FrameFilter filter,
      @Nullable String host,
      FilePosition position,
      Map<String, String> partition,
      RecordMaker maker,
      TaskLedger ledger)
      throws IOException {
    this.path = path;
    this.filter = filter == null ? null : new FileFrameFilter(filter);
    this.partition = partition;
    this.maker = maker;
    this.ledger = ledger;
    firstFrame = position.frame();
    sequence = position.sequence();
    fingerprint = position.fingerprint();
    CaptureFile whole = CaptureFile.open(path);
    packed = whole.isPacked();
    if (packed || position.range().isWhole()) {
      file = whole;
    } else {
      whole.close();
      file = CaptureFile.open(path, position.range(), false);
    }
    file.host(host);
  }

  @Override
  public List<SourceRecord> read(int timeoutMillis) throws IOException {
    // a packed file is read from its start each time
    FileRange start = packed ? FileRange.WHOLE : file.rest();
    try (Block block = file.poll(timeoutMillis)) {
      return block == null ? List.of() : records(block, start);
    }
  }

  private List<SourceRecord> records(Block block, FileRange start) throws IOException {
    List<SourceRecord> records = new ArrayList<>(block.frameCount());
    long lostInAll = 0;
    Frame frame;
    while ((frame = block.next()) != null) {
      long number = frame.sequence();
      if (number < firstFrame) {
        continue;
      }
      lost += frame.lostBefore();
      if (filter != null) {
        int keptBytes = filter.keptBytes(frame);
        if (keptBytes == 0) {
          continue;
        }
        block.cutFrame(keptBytes);
      }
      block.renumberFrame(sequence++, lost);
      lostInAll += lost;
      lost = 0;
      FilePosition next = new FilePosition(start, number + 1, sequence, fingerprint);
      records.add(maker.of(frame, partition, next.toOffset()));
    }
    ledger.polled(records.size(), lostInAll);
    return records;
  }

  @Override
  public boolean isEnded() {
    return file.isEnded();
  }

  @Override
  public void wake() {
    file.wake();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  @Override
  public String toString() {
    return "file " + path;
  }
}
