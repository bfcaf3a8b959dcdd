package dev.ringtap.capture;

/**
 * What a source has seen, in frames, since it was opened.
 *
 * @param offered frames that passed the filter, dropped ones included
 * @param droppedByKernel frames for which the ring had no room
 * @param captured frames in the blocks that were taken
 * @param ringFreezes how often the ring was full and the kernel stopped filling it
 */
public record CaptureStatistics(
    long offered, long droppedByKernel, long captured, long ringFreezes) {
  /** Both together. */
  public CaptureStatistics plus(CaptureStatistics other) {
    return new CaptureStatistics(
        offered + other.offered,
        droppedByKernel + other.droppedByKernel,
        captured + other.captured,
        ringFreezes + other.ringFreezes);
  }

  /** Frames that are in the ring and in no taken block yet. */
  public long waiting() {
    return offered - droppedByKernel - captured;
  }
}
