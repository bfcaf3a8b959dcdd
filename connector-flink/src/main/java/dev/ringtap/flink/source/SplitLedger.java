package dev.ringtap.flink.source;

/**
 * Where the frames of one reading of a split went: offered = droppedByKernel + emitted + unreadable
 * + left.
 *
 * @param offered frames that passed the filter, dropped ones included
 * @param droppedByKernel frames for which the ring had no room, or that a file tells of as lost
 * @param emitted frames that went into the stream
 * @param unreadable frames in blocks whose headers do not fit
 * @param left frames that were in the ring or on their way when the job ended
 * @param ringFreezes how often the ring was full
 */
public record SplitLedger(
    long offered,
    long droppedByKernel,
    long emitted,
    long unreadable,
    long left,
    long ringFreezes) {
  /** Whether nothing is missing. */
  public boolean balances() {
    return left >= 0 && offered == droppedByKernel + emitted + unreadable + left;
  }

  @Override
  public String toString() {
    return ("offered %s = %s dropped by the kernel + %s emitted + %s unreadable + %s left at"
            + " the end%s")
        .formatted(
            offered,
            droppedByKernel,
            emitted,
            unreadable,
            left,
            balances() ? "" : "; THIS DOES NOT ADD UP, please report it");
  }
}
