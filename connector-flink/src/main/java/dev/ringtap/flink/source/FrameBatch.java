package dev.ringtap.flink.source;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.FileRange;
import dev.ringtap.filter.FilterException;
import java.io.UncheckedIOException;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A block on its way to the task's thread. The frames stay in the ring; the block goes back to the
 * kernel when the batch is recycled.
 */
final class FrameBatch implements RecordsWithSplitIds<FetchedFrame> {
  private static final Logger LOG = LoggerFactory.getLogger(FrameBatch.class);

  /** What a fetch brings that was woken: nothing. */
  static final RecordsWithSplitIds<FetchedFrame> EMPTY = new EndBatch(Set.of(), () -> {});

  private final SplitContext run;
  private final SplitFilter filter;
  private final Block block;
  private final SplitWatermarks watermarks;
  private final FetchedFrame fetched = new FetchedFrame(this);
  private boolean entered;
  private boolean left;

  /** Of the last frame read, kept or not; negative before the first. */
  private long lastTimestampNanos = -1;

  FrameBatch(
      SplitContext run,
      SplitFilter filter,
      Block block,
      @Nullable FileRange blockStart,
      SplitWatermarks watermarks) {
    this.run = run;
    this.filter = filter;
    this.block = block;
    this.watermarks = watermarks;
    fetched.blockStart = blockStart;
  }

  /** The batch of a ring that is empty: a watermark. */
  static RecordsWithSplitIds<FetchedFrame> watermark(String splitId, long watermark) {
    return new WatermarkBatch(splitId, watermark);
  }

  /** The batch after a split's last block. */
  static RecordsWithSplitIds<FetchedFrame> end(String splitId, Runnable whenAllIsEmitted) {
    return new EndBatch(Set.of(splitId), whenAllIsEmitted);
  }

  @Override
  public @Nullable String nextSplit() {
    if (entered) {
      return null;
    }
    entered = true;
    return run.split().splitId();
  }

  @Override
  public @Nullable FetchedFrame nextRecordFromSplit() {
    try {
      while (!run.isLimitReached()) {
        Frame frame = block.next();
        if (frame == null) {
          return watermarkAfter();
        }
        lastTimestampNanos = frame.timestampNanos();
        if (filter.keeps(block, frame)) {
          run.emit(frame.lostBefore());
          fetched.frame = frame;
          return fetched;
        }
        run.leaveOut();
      }
      return null;
    } catch (CorruptBlockException e) {
      LOG.warn("{}: {}", run.split().splitId(), e.getMessage());
      run.addUnreadable(e.unreadFrames());
      return null;
    } catch (FilterException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Null if there is none, or it was given. */
  private @Nullable FetchedFrame watermarkAfter() {
    if (left || lastTimestampNanos < 0) {
      return null;
    }
    left = true;
    fetched.frame = null;
    fetched.watermark = watermarks.after(lastTimestampNanos);
    return fetched.watermark == SplitWatermarks.NOTHING ? null : fetched;
  }

  @Override
  public Set<String> finishedSplits() {
    return Set.of();
  }

  @Override
  public void recycle() {
    block.close();
  }

  /** Has one watermark. */
  private static final class WatermarkBatch implements RecordsWithSplitIds<FetchedFrame> {
    private @Nullable String splitId;
    private @Nullable FetchedFrame fetched;

    WatermarkBatch(String splitId, long watermark) {
      this.splitId = splitId;
      FetchedFrame only = new FetchedFrame(null);
      only.watermark = watermark;
      fetched = only;
    }

    @Override
    public @Nullable String nextSplit() {
      String entered = splitId;
      splitId = null;
      return entered;
    }

    @Override
    public @Nullable FetchedFrame nextRecordFromSplit() {
      FetchedFrame given = fetched;
      fetched = null;
      return given;
    }

    @Override
    public Set<String> finishedSplits() {
      return Set.of();
    }
  }

  /** Has no frames. */
  private static final class EndBatch implements RecordsWithSplitIds<FetchedFrame> {
    private final Set<String> finished;
    private final Runnable whenRecycled;

    EndBatch(Set<String> finished, Runnable whenRecycled) {
      this.finished = finished;
      this.whenRecycled = whenRecycled;
    }

    @Override
    public @Nullable String nextSplit() {
      return null;
    }

    @Override
    public @Nullable FetchedFrame nextRecordFromSplit() {
      return null;
    }

    @Override
    public Set<String> finishedSplits() {
      return finished;
    }

    @Override
    public void recycle() {
      whenRecycled.run();
    }
  }
}
