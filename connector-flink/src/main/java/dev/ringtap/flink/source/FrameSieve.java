package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import dev.ringtap.file.FileFrameFilter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;

/**
 * Decides which frames of a split go into the stream, and with which numbers: those behind the
 * position that was restored, and those that the filter keeps where no kernel runs it. A loss
 * before a frame that is left out is shown before the next one that is not. Not thread-safe: for
 * the task's thread.
 */
final class FrameSieve {
  /** Null if the kernel has filtered already, or all frames are wanted. */
  private final FileFrameFilter filter;

  /** Null if the kernel has decided already. */
  private final FramePredicate predicate;

  /** Added to the frames' own numbers: a live capture counts from 0 after each restore. */
  private final long firstSequence;

  /** Frames of a file before this one were emitted before the restore. */
  private final long firstWanted;

  private long carriedLoss;

  /**
   * @param split where the reading goes on
   * @param filter what to keep of a file's frames, or null
   * @param predicate what to keep of that, or null
   */
  FrameSieve(PacketSplit split, FrameFilter filter, FramePredicate predicate) {
    this.filter = filter == null ? null : new FileFrameFilter(filter);
    this.predicate = predicate;
    boolean live = split instanceof LiveSplit;
    long next = split.progress().nextSequence();
    this.firstSequence = live ? next : 0;
    this.firstWanted = live ? 0 : next;
  }

  /**
   * Whether the frame goes into the stream; it has its numbers then.
   *
   * @throws FilterException if the filter has no program for the frame's link type
   */
  boolean keeps(Frame shown) throws FilterException {
    if (shown.sequence() < firstWanted) {
      return false;
    }
    if (filter != null && filter.keptBytes(shown) == 0
        || predicate != null && !predicate.keeps(shown)) {
      carriedLoss += shown.lostBefore();
      return false;
    }
    if (firstSequence != 0 || carriedLoss != 0) {
      shown.renumber(firstSequence + shown.sequence(), carriedLoss + shown.lostBefore());
      carriedLoss = 0;
    }
    return true;
  }
}
