package dev.ringtap.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Encoded bytes that stand in many records, seldom more than sixteen. Not thread-safe. */
final class EncodedPiece {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int IN_LONGS_BYTES = 2 * Long.BYTES;

  private byte[] bytes;
  private int length;

  // the first sixteen bytes once more: two stores are faster than a copy of unknown length
  private long first;
  private long second;

  static EncodedPiece of(byte[] bytes, int length) {
    EncodedPiece piece = new EncodedPiece();
    piece.set(Arrays.copyOf(bytes, Math.max(length, IN_LONGS_BYTES)), length);
    return piece;
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
   * Writes the piece, and what stands behind it up to sixteen bytes from its start.
   *
   * @return index behind the piece
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
}
