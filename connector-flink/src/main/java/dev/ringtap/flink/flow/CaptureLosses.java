package dev.ringtap.flink.flow;

import dev.ringtap.flow.StoredFlows;
import java.util.Arrays;

/**
 * The losses of a capture as far as they are known. Old ones are only a sum. Flink keeps it as a
 * POJO; its arrays are not changed.
 *
 * @param before sum of the losses that are not in the arrays
 * @param sequences frames before which others were lost, in order
 * @param previousNanos {@link CaptureNews#previousNanos} of each
 * @param nanos time of each
 * @param totals frames lost before each and before all earlier ones
 * @param lastNanos time of the last frame that is known
 */
public record CaptureLosses(
    long before,
    long[] sequences,
    long[] previousNanos,
    long[] nanos,
    long[] totals,
    long lastNanos)
    implements StoredFlows.Capture {

  private static final long[] NONE = {};

  /** Nothing is known. */
  public static final CaptureLosses UNKNOWN =
      new CaptureLosses(0, NONE, NONE, NONE, NONE, Long.MIN_VALUE);

  /**
   * The same with more.
   *
   * @param settledNanos no flow that timed out before is asked for any more
   */
  public CaptureLosses with(CaptureNews news, long settledNanos) {
    int settled = 0;
    while (settled < nanos.length && nanos[settled] <= settledNanos) {
      settled++;
    }
    if (settled == 0 && news.lost() == 0) {
      long last = Math.max(lastNanos, news.nanos());
      return new CaptureLosses(before, sequences, previousNanos, nanos, totals, last);
    }
    int found = Arrays.binarySearch(sequences, news.sequence());
    boolean isNew = news.lost() > 0 && found < 0;
    int at = isNew ? Math.max(-found - 1, settled) : 0;
    long[] newTotals = insert(totals, settled, at, isNew, total(at - 1));
    for (int i = at - settled; isNew && i < newTotals.length; i++) {
      newTotals[i] += news.lost();
    }
    return new CaptureLosses(
        total(settled - 1),
        insert(sequences, settled, at, isNew, news.sequence()),
        insert(previousNanos, settled, at, isNew, news.previousNanos()),
        insert(nanos, settled, at, isNew, news.nanos()),
        newTotals,
        Math.max(lastNanos, news.nanos()));
  }

  private static long[] insert(long[] from, int settled, int at, boolean isNew, long value) {
    if (!isNew) {
      return Arrays.copyOfRange(from, settled, from.length);
    }
    long[] to = new long[from.length - settled + 1];
    System.arraycopy(from, settled, to, 0, at - settled);
    to[at - settled] = value;
    System.arraycopy(from, at, to, at - settled + 1, from.length - at);
    return to;
  }

  private long total(int index) {
    return index < 0 ? before : totals[index];
  }

  @Override
  public long lostBefore(long sequence) {
    int found = Arrays.binarySearch(sequences, sequence);
    return total(found >= 0 ? found : -found - 2);
  }

  @Override
  public long lostUntil(long time) {
    int last = previousNanos.length - 1;
    while (last >= 0 && previousNanos[last] >= time) {
      last--;
    }
    return total(last);
  }
}
