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

  /** Bytes that {@link #words} has. */
  static final int IN_WORDS_BYTES = 8 * Long.BYTES;

  private byte[] bytes = {};
  private int length;

  // the first sixteen bytes once more: two stores are faster than a copy of unknown length
  private long first;
  private long second;

  /** Empty unless of {@link #of}. */
  private long[] words = {};

  static CachedFields of(byte[] bytes, int length) {
    byte[] padded = Arrays.copyOf(bytes, Math.max(length, IN_WORDS_BYTES));
    CachedFields fields = new CachedFields();
    fields.set(padded, length);
    fields.words = new long[IN_WORDS_BYTES / Long.BYTES];
    for (int i = 0; i < fields.words.length; i++) {
      fields.words[i] = (long) LONGS.get(padded, i * Long.BYTES);
    }
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
   * The first {@link #IN_WORDS_BYTES} bytes of fields of {@link #of}, eight in each number as they
   * lie in memory, zeros after the last: stores of these take fewer instructions than a copy.
   */
  long[] words() {
    return words;
  }

  /** The fields, and perhaps more after them. */
  byte[] bytes() {
    return bytes;
  }
}
