package dev.ringtap.flow;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * When the flows of a table are looked at again: a wheel of buckets, one for each tick. Time is
 * that of the frames. Allocates nothing after its start; not thread-safe.
 */
final class FlowWheel {
  private static final int NONE = -1;
  private static final int BUCKETS = 256;

  private final FlowTimes times;
  private final long[] words;
  private final IntConsumer due;

  /** The next slot in the same bucket, whose last one has the first. */
  private final int[] next;

  /** {@link Biflow#END} when the slot was put into its bucket. */
  private final long[] scheduledEnd;

  private final int[] lasts = new int[BUCKETS];
  private long currentTick;

  /** No bucket before this tick's has a flow. */
  private long firstTick;

  private long now = Long.MIN_VALUE;

  /** When the tick after this one begins. */
  private long nextTickNanos;

  /**
   * @param words of the flows, by slot
   * @param due takes a flow that has timed out, which is in no bucket any more
   */
  FlowWheel(FlowTimes times, long[] words, int capacity, IntConsumer due) {
    this.times = times;
    this.words = words;
    this.due = due;
    next = new int[capacity];
    scheduledEnd = new long[capacity];
    Arrays.fill(lasts, NONE);
  }

  /** Whether a time is earlier than now by more than frames come late. */
  boolean isSetBack(long nanos) {
    return nanos < now && nanos < now - times.idle();
  }

  void setClock(long nanos) {
    now = nanos;
    currentTick = Math.floorDiv(nanos, times.tick());
    nextTickNanos = (currentTick + 1) * times.tick();
    firstTick = currentTick;
  }

  /** Ends the flows that have timed out by now. */
  void advance(long nanos) {
    if (nanos <= now) {
      return;
    }
    if (now == Long.MIN_VALUE) {
      setClock(nanos);
      return;
    }
    now = nanos;
    if (nanos >= nextTickNanos) {
      turn(Math.floorDiv(nanos, times.tick()));
    }
  }

  private void turn(long tick) {
    long first = Math.max(currentTick + 1, Math.min(firstTick, tick + 1));
    long last = Math.min(tick, first + BUCKETS - 1);
    boolean all = last < tick;
    if (all) {
      first = tick - BUCKETS + 1;
      last = tick;
    }
    currentTick = tick;
    nextTickNanos = (tick + 1) * times.tick();
    firstTick = tick + 1;
    for (long each = first; each <= last; each++) {
      empty(bucket(each));
    }
  }

  private static int bucket(long tick) {
    return (int) tick & BUCKETS - 1;
  }

  /** Ends the flows of a bucket that are due, and puts the others where they belong by now. */
  private void empty(int bucket) {
    int last = lasts[bucket];
    if (last == NONE) {
      return;
    }
    lasts[bucket] = NONE;
    int slot = next[last];
    while (true) {
      int following = next[slot];
      boolean isLast = slot == last;
      if (currentTick >= times.dueTick(words, slot * Biflow.WORDS)) {
        due.accept(slot);
      } else {
        schedule(slot);
      }
      if (isLast) {
        return;
      }
      slot = following;
    }
  }

  /**
   * The tick at which a flow is looked at again. It is no later than a TCP connection that ends
   * meanwhile may be due.
   */
  private long nextTick(int at) {
    long tick =
        Math.min(times.dueTick(words, at), Math.floorDiv(now + times.ended(), times.tick()) + 1);
    return Math.min(Math.max(tick, currentTick + 1), currentTick + BUCKETS - 1);
  }

  void schedule(int slot) {
    int at = slot * Biflow.WORDS;
    long tick = nextTick(at);
    scheduledEnd[slot] = words[at + Biflow.END];
    firstTick = Math.min(firstTick, tick);
    int bucket = bucket(tick);
    int last = lasts[bucket];
    if (last == NONE) {
      next[slot] = slot;
    } else {
      next[slot] = next[last];
      next[last] = slot;
    }
    lasts[bucket] = slot;
  }

  /**
   * Takes out the first flow that has had no frame since it was put here: the CLOCK algorithm,
   * which comes near to the one without a frame for longest. There is at least one flow.
   */
  int evict() {
    long tick = Math.max(firstTick, currentTick + 1);
    while (true) {
      int bucket = bucket(tick);
      int last = lasts[bucket];
      if (last == NONE) {
        tick++;
        continue;
      }
      firstTick = tick;
      int slot = next[last];
      if (slot == last) {
        lasts[bucket] = NONE;
      } else {
        next[last] = next[slot];
      }
      if (scheduledEnd[slot] == words[slot * Biflow.WORDS + Biflow.END]) {
        return slot;
      }
      schedule(slot);
      tick = Math.max(firstTick, currentTick + 1);
    }
  }

  /** Takes out all flows. */
  void clear(IntConsumer each) {
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      int last = lasts[bucket];
      lasts[bucket] = NONE;
      int slot = last == NONE ? NONE : next[last];
      while (slot != NONE) {
        int following = slot == last ? NONE : next[slot];
        each.accept(slot);
        slot = following;
      }
    }
    firstTick = currentTick + BUCKETS;
  }
}
