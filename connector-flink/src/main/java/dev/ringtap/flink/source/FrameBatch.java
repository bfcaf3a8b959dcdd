package dev.ringtap.flink.source;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.FileRange;
import dev.ringtap.filter.FilterException;
import java.io.UncheckedIOException;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
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

  private final SplitRun run;
  private final FrameSieve sieve;
  private final Block block;
  private final FetchedFrame fetched = new FetchedFrame(this);
  private boolean entered;

  FrameBatch(SplitRun run, FrameSieve sieve, Block block, FileRange blockStart) {
    this.run = run;
    this.sieve = sieve;
    this.block = block;
    fetched.blockStart = blockStart;
  }

  /** The batch behind a split's last block. */
  static RecordsWithSplitIds<FetchedFrame> end(String splitId, Runnable whenAllIsEmitted) {
    return new EndBatch(Set.of(splitId), whenAllIsEmitted);
  }

  @Override
  public String nextSplit() {
    if (entered) {
      return null;
    }
    entered = true;
    return run.split().splitId();
  }

  @Override
  public FetchedFrame nextRecordFromSplit() {
    try {
      while (!run.isLimitReached()) {
        Frame frame = block.next();
        if (frame == null) {
          return null;
        }
        if (sieve.keeps(frame)) {
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

  @Override
  public Set<String> finishedSplits() {
    return Set.of();
  }

  @Override
  public void recycle() {
    block.close();
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
    public String nextSplit() {
      return null;
    }

    @Override
    public FetchedFrame nextRecordFromSplit() {
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
