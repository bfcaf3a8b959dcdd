package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import dev.ringtap.file.FileRange;
import dev.ringtap.flink.source.PacketSplit.Progress;
import org.jspecify.annotations.Nullable;

/** A split while it is read; for the task's thread. */
final class PacketSplitState {
  private final PacketSplit split;
  private final SplitContext run;
  private long nextSequence;
  private long emitted;
  private long lostBefore;
  private @Nullable FileRange blockStart;

  PacketSplitState(PacketSplit split, SplitContext run) {
    this.split = split;
    this.run = run;
    Progress progress = split.progress();
    nextSequence = progress.nextSequence();
    emitted = progress.emitted();
    lostBefore = progress.lostBefore();
  }

  /**
   * A frame goes into the stream.
   *
   * @param startOfBlock the block's in its file; null if it is live
   */
  void emit(Frame frame, @Nullable FileRange startOfBlock) {
    nextSequence = frame.sequence() + 1;
    lostBefore += frame.lostBefore();
    emitted++;
    blockStart = startOfBlock;
  }

  SplitContext run() {
    return run;
  }

  /** The split as of now. */
  PacketSplit toSplit() {
    Progress progress = new Progress(nextSequence, emitted, lostBefore);
    if (split instanceof LiveSplit live) {
      return live.at(progress);
    }
    FileSplit file = (FileSplit) split;
    return file.at(blockStart == null ? file.range() : blockStart, progress);
  }
}
