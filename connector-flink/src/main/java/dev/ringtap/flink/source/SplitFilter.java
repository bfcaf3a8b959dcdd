package dev.ringtap.flink.source;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.FileFrameFilter;
import dev.ringtap.filter.FilterException;
import dev.ringtap.filter.FrameFilter;
import org.jspecify.annotations.Nullable;

/**
 * Decides which frames of a split go into the stream: those of a file after the position that was
 * restored, and those that the filter keeps where no kernel runs it. A loss before a frame that is
 * left out is shown before the next one that is not. Not thread-safe: for the task's thread.
 */
final class SplitFilter {
  /** Null if the kernel has filtered already, or all frames are wanted. */
  private final @Nullable FileFrameFilter filter;

  /** Null if the kernel has decided already. */
  private final @Nullable FramePredicate predicate;

  /** Frames of a file before this one were emitted before the restore; 0 for a live capture. */
  private final long firstWanted;

  private long carriedLoss;

  /**
   * @param split where the reading goes on
   * @param filter what to keep of a file's frames, or null
   * @param predicate what to keep of that, or null
   */
  SplitFilter(PacketSplit split, @Nullable FrameFilter filter, @Nullable FramePredicate predicate) {
    this.filter = filter == null ? null : new FileFrameFilter(filter);
    this.predicate = predicate;
    this.firstWanted = split instanceof LiveSplit ? 0 : split.progress().nextSequence();
  }

  /**
   * Whether the frame goes into the stream; it shows the losses before it then.
   *
   * @param block which shows the frame
   * @throws FilterException if the filter has no program for the frame's link type
   */
  boolean keeps(Block block, Frame shown) throws FilterException {
    if (shown.sequence() < firstWanted) {
      return false;
    }
    if (filter != null && filter.keptBytes(shown) == 0
        || predicate != null && !predicate.keeps(shown)) {
      carriedLoss += shown.lostBefore();
      return false;
    }
    if (carriedLoss != 0) {
      block.renumberFrame(shown.sequence(), carriedLoss + shown.lostBefore());
      carriedLoss = 0;
    }
    return true;
  }
}
