package dev.ringtap.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Avro's int and long, which are the same bytes: zig-zag, then seven bits a byte, lowest first, the
 * highest bit set in all but the last (Avro 1.12 specification, "Binary Encoding").
 */
final class Varint {
  /** Bytes that {@link #put} may write to, of which the number is the first. */
  static final int ROOM_BYTES = 10;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The greatest number in two bytes. */
  static final int MAX_IN_TWO_BYTES = 0x1FFF;

  /** In each byte the bit that says that another one follows. */
  static final long CONTINUES = 0x8080808080808080L;

  private Varint() {}

  /**
   * Writes a number, a long one by a store of eight bytes and not in a loop.
   *
   * @return index after the number
   * @throws IndexOutOfBoundsException unless there is room for {@link #ROOM_BYTES}
   */
  static int put(byte[] to, int at, long value) {
    long zigZag = value << 1 ^ value >> 63;
    if (zigZag >>> 7 == 0) {
      to[at] = (byte) zigZag;
      return at + 1;
    }
    if (zigZag >>> 14 == 0) {
      to[at] = (byte) (zigZag | 0x80);
      to[at + 1] = (byte) (zigZag >>> 7);
      return at + 2;
    }
    return zigZag >>> 56 == 0 ? putUpTo8(to, at, zigZag) : put9Or10(to, at, zigZag);
  }

  /** As {@link #put}; faster for a number of more than 55 bits, such as today's nanoseconds. */
  static int putNanos(byte[] to, int at, long value) {
    long zigZag = value << 1 ^ value >> 63;
    return zigZag >>> 56 == 0 ? put(to, at, value) : put9Or10(to, at, zigZag);
  }

  /**
   * The bytes of a number of 0 to {@link #MAX_IN_TWO_BYTES}, lowest first. Without a branch:
   * lengths of mixed frames would make the processor mispredict one between one byte and two.
   */
  static int oneOrTwo(int value) {
    int zigZag = value << 1;
    return zigZag & 0x7F | secondBytes(value) << 7 | zigZag >>> 7 << 8;
  }

  /** How many bytes follow the first of {@link #oneOrTwo}: 0 or 1. */
  static int secondBytes(int value) {
    return (0x7F >>> 1) - value >>> 31;
  }

  /** Bytes of a number that is not negative. */
  static int length(long value) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(value << 1 | 1);
    return bits * 9 + 64 >>> 6;
  }

  /** The first number after those of so many bytes, up to eight. */
  static long endOfLength(int bytes) {
    return 1L << 7 * bytes - 1;
  }

  private static int putUpTo8(byte[] to, int at, long zigZag) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(zigZag);
    // bits / 7, rounded up
    int bytes = bits * 9 + 64 >>> 6;
    LONGS.set(to, at, spread(zigZag) | CONTINUES >>> Byte.SIZE * (Long.BYTES + 1 - bytes));
    return at + bytes;
  }

  private static int put9Or10(byte[] to, int at, long zigZag) {
    LONGS.set(to, at, spread(zigZag) | CONTINUES);
    byte high = (byte) (zigZag >>> 56);
    to[at + 8] = high;
    if (high >= 0) {
      return at + 9;
    }
    to[at + 9] = 1;
    return at + 10;
  }

  /** The lowest 56 bits, seven in each byte. */
  static long spread(long bits) {
    long x = bits & 0x0FFFFFFFL | (bits & 0xFFFFFFF0000000L) << 4;
    x = x & 0x00003FFF00003FFFL | (x & 0x0FFFC0000FFFC000L) << 2;
    return x & 0x007F007F007F007FL | (x & 0x3F803F803F803F80L) << 1;
  }
}
