package dev.ringtap.flink.source;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.PacketCapture;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.metrics.Counter;
import org.jspecify.annotations.Nullable;

/**
 * One reading of a split, from its start or restore on: what the fetcher's thread, which takes
 * blocks, and the task's thread, which emits frames, tell each other. The counts are for any
 * thread.
 */
final class SplitContext {
  private static final CaptureStatistics NOTHING = new CaptureStatistics(0, 0, 0, 0);

  private final PacketSplit split;
  private final long limit;
  private final long emittedBefore;
  private final Counter errors;

  /** Null until it is opened, and once it is closed: metrics live on, and would keep its memory. */
  private volatile @Nullable BlockSource source;

  private volatile CaptureStatistics last = NOTHING;

  private volatile boolean limitReached;

  /** Guarded by this. */
  private boolean closed;

  // written by the task's thread alone, for each frame: no atomic addition is needed
  private final AtomicLong emitted = new AtomicLong();
  private final AtomicLong leftOut = new AtomicLong();
  private final AtomicLong unreadable = new AtomicLong();
  private final AtomicLong lostBefore = new AtomicLong();

  /**
   * @param limit frames of the split, those before the restore included
   * @param errors counts unreadable frames of all splits; for the task's thread
   */
  SplitContext(PacketSplit split, long limit, Counter errors) {
    this.split = split;
    this.limit = limit;
    this.errors = errors;
    lostBefore.set(split.progress().lostBefore());
    this.emittedBefore = split.progress().emitted();
    this.limitReached = emittedBefore >= limit;
  }

  PacketSplit split() {
    return split;
  }

  void opened(BlockSource opened) {
    source = opened;
  }

  /** Whether its source was closed. Under this object's lock. */
  boolean isClosed() {
    return closed;
  }

  void setClosed() {
    closed = true;
  }

  /** The source is gone; its last counts stay. */
  void release() {
    last = statistics();
    source = null;
  }

  /** Whether no further frame is wanted. */
  boolean isLimitReached() {
    return limitReached;
  }

  private static void add(AtomicLong count, long more) {
    count.setRelease(count.getPlain() + more);
  }

  /** A frame goes into the stream. For the task's thread. */
  void emit(long lost) {
    add(emitted, 1);
    if (lost != 0) {
      add(lostBefore, lost);
    }
    if (emittedBefore + emitted.getPlain() >= limit) {
      limitReached = true;
      BlockSource opened = source;
      if (opened != null) {
        opened.wake();
      }
    }
  }

  /** A frame is left out by the filter, or because it was emitted before the restore. */
  void leaveOut() {
    add(leftOut, 1);
  }

  /** Frames of a block cannot be read. For the task's thread. */
  void addUnreadable(long frames) {
    add(unreadable, frames);
    errors.inc(frames);
  }

  /** Frames emitted in this run. */
  long emitted() {
    return emitted.get();
  }

  /** Sum of {@code lostBefore} of all emitted frames, those before the restore included. */
  long lostBefore() {
    return lostBefore.get();
  }

  /** As of now: the kernel is asked, also while no block is taken. */
  CaptureStatistics statistics() {
    BlockSource opened = source;
    if (opened == null) {
      return last;
    }
    try {
      return opened.readStatistics();
    } catch (IOException e) {
      return opened.statistics();
    }
  }

  /** The part of the ring's blocks that the reader has, from 0 to 1; 0 for a file. */
  double ringFill() {
    BlockSource opened = source;
    return opened instanceof PacketCapture capture ? capture.ringFill() : 0;
  }

  /** Where every frame went. Exact once the source has ended and nothing is emitted any more. */
  SplitLedger ledger() {
    CaptureStatistics seen = statistics();
    long notEmitted = seen.captured() - emitted.get() - leftOut.get() - unreadable.get();
    return new SplitLedger(
        seen.offered() - leftOut.get(),
        seen.droppedByKernel(),
        emitted.get(),
        unreadable.get(),
        notEmitted,
        seen.ringFreezes());
  }
}
