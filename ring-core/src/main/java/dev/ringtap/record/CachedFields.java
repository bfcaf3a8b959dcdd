package dev.ringtap.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Encoded fields that are the same in many records, seldom more than sixteen bytes. Not
 * thread-safe.
 */
final class CachedFields {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int IN_LONGS_BYTES = 2 * Long.BYTES;
  private static final int STEP_BYTES = 4 * Long.BYTES;

  /** Most bytes that {@link #putInSteps} writes without a bulk copy. */
  private static final int IN_STEPS_BYTES = 3 * STEP_BYTES;

  /** Bytes that {@link #putInSteps} may write after the fields. */
  static final int STEP_OVERSHOOT_BYTES = STEP_BYTES - 1;

  private byte[] bytes;
  private int length;

  // the first sixteen bytes once more: two stores are faster than a copy of unknown length
  private long first;
  private long second;

  static CachedFields of(byte[] bytes, int length) {
    CachedFields fields = new CachedFields();
    fields.set(Arrays.copyOf(bytes, length + STEP_OVERSHOOT_BYTES), length);
    return fields;
  }

  /**
   * Becomes other bytes, without a copy.
   *
   * @param newBytes sixteen or more, of which {@code newLength} count
   */
  void set(byte[] newBytes, int newLength) {
    bytes = newBytes;
    length = newLength;
    first = (long) LONGS.get(newBytes, 0);
    second = (long) LONGS.get(newBytes, Long.BYTES);
  }

  int length() {
    return length;
  }

  /**
   * Writes the fields, and what stands after them up to sixteen bytes from their start.
   *
   * @return index after the fields
   */
  int put(byte[] to, int at) {
    if (length <= IN_LONGS_BYTES) {
      LONGS.set(to, at, first);
      LONGS.set(to, at + Long.BYTES, second);
    } else {
      System.arraycopy(bytes, 0, to, at, length);
    }
    return at + length;
  }

  /**
   * As {@link #put}, for fields of {@link #of} that stay the same in a loop: writes up to {@link
   * #STEP_OVERSHOOT_BYTES} after them.
   */
  int putInSteps(byte[] to, int at) {
    byte[] from = bytes;
    if (length > IN_STEPS_BYTES) {
      System.arraycopy(from, 0, to, at, length);
      return at + length;
    }
    step(from, 0, to, at);
    if (length > STEP_BYTES) {
      step(from, STEP_BYTES, to, at + STEP_BYTES);
    }
    if (length > 2 * STEP_BYTES) {
      step(from, 2 * STEP_BYTES, to, at + 2 * STEP_BYTES);
    }
    return at + length;
  }

  private static void step(byte[] from, int index, byte[] to, int at) {
    LONGS.set(to, at, (long) LONGS.get(from, index));
    LONGS.set(to, at + 8, (long) LONGS.get(from, index + 8));
    LONGS.set(to, at + 16, (long) LONGS.get(from, index + 16));
    LONGS.set(to, at + 24, (long) LONGS.get(from, index + 24));
  }
}
