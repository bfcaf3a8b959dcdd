package dev.ringtap.flink.source;

import org.apache.flink.api.connector.source.SourceSplit;

/** What one reader reads, and how far it has come. Immutable. */
public sealed interface PacketSplit extends SourceSplit permits LiveSplit, FileSplit {
  /**
   * How far a split was read.
   *
   * @param nextSequence {@code sequence} of the next frame, from which a file is read on after a
   *     restore; for a live split it is of the capture that was open and is not read back, because
   *     a restore opens a new capture
   * @param emitted frames in the stream so far, of all captures of a live split
   * @param lostBefore sum of {@code lostBefore} of those frames
   */
  record Progress(long nextSequence, long emitted, long lostBefore) {
    /** Nothing was read yet. */
    public static final Progress NONE = new Progress(0, 0, 0);
  }

  /** How far the split was read. */
  Progress progress();

  /** For logs: which split, and how far it was read. */
  static String text(PacketSplit split) {
    return split.splitId() + " at " + split.progress();
  }
}
