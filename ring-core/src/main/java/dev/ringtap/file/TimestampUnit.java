package dev.ringtap.file;

import org.jspecify.annotations.Nullable;

/**
 * The unit of an interface's time stamps, as if_tsresol and if_tsoffset tell it.
 *
 * @param perSecond units in a second, unsigned
 * @param shift n where that is 2^n, otherwise -1
 * @param offsetSeconds added to every time stamp
 */
record TimestampUnit(long perSecond, int shift, long offsetSeconds) {
  static final TimestampUnit MICROSECOND = new TimestampUnit(1_000_000, -1, 0);

  private static final int BINARY_BIT = 0x80;
  private static final int MOST_DECIMAL = 19;
  private static final int MOST_BINARY = 63;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** The same unit, counted from elsewhere. */
  TimestampUnit from(long offset) {
    return new TimestampUnit(perSecond, shift, offset);
  }

  /** The unit of an if_tsresol value, or null if it is finer than 64 bits can tell. */
  static @Nullable TimestampUnit of(int resolution) {
    int exponent = resolution & ~BINARY_BIT;
    if ((resolution & BINARY_BIT) != 0) {
      return exponent > MOST_BINARY ? null : new TimestampUnit(1L << exponent, exponent, 0);
    }
    if (exponent > MOST_DECIMAL) {
      return null;
    }
    long perSecond = 1;
    for (int i = 0; i < exponent; i++) {
      perSecond *= 10;
    }
    return new TimestampUnit(perSecond, -1, 0);
  }

  /** Whole seconds since 1970 of a time stamp, -1 if there are more than 63 bits of them. */
  long seconds(long units) {
    long seconds = Long.divideUnsigned(units, perSecond);
    return seconds < 0 ? -1 : Math.max(-1, seconds + offsetSeconds);
  }

  /** Nanoseconds of a time stamp beyond its whole seconds, rounded down. */
  long nanos(long units) {
    long fraction = Long.remainderUnsigned(units, perSecond);
    if (shift < 0) {
      return Long.compareUnsigned(perSecond, NANOS_PER_SECOND) <= 0
          ? fraction * (NANOS_PER_SECOND / perSecond)
          : Long.divideUnsigned(fraction, Long.divideUnsigned(perSecond, NANOS_PER_SECOND));
    }
    if (shift == 0) {
      return 0;
    }
    long low = fraction * NANOS_PER_SECOND;
    long high = Math.multiplyHigh(fraction, NANOS_PER_SECOND);
    return high << Long.SIZE - shift | low >>> shift;
  }
}
