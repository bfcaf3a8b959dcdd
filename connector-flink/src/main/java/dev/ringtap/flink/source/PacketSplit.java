package dev.ringtap.flink.source;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * What one reader reads, and how far it has come: a {@link LiveSplit} or a {@link FileSplit}.
 * Immutable.
 */
public abstract class PacketSplit implements SourceSplit {
  private final Progress progress;

  PacketSplit(Progress progress) {
    this.progress = progress;
  }

  /**
   * How far a split was read.
   *
   * @param nextSequence {@code sequence} of the next frame, from which a file is read on after a
   *     restore; for a live split it is of the capture that was open and is not read back, because
   *     a restore opens a new capture
   * @param emitted frames in the stream so far, of all captures of a live split
   * @param lostBefore sum of {@code lostBefore} of those frames
   */
  public record Progress(long nextSequence, long emitted, long lostBefore) {
    /** Nothing was read yet. */
    public static final Progress NONE = new Progress(0, 0, 0);
  }

  /** How far the split was read. */
  public Progress progress() {
    return progress;
  }

  @Override
  public String toString() {
    return splitId() + " at " + progress;
  }
}
