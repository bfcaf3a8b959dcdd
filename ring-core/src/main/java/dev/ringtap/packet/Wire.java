package dev.ringtap.packet;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Reads in network byte order, and addresses as text. Callers have checked their bounds. */
final class Wire {
  static final int MAC_BYTES = 6;

  /** Unaligned, as heap segments of bytes allow no other, and frames start at odd places. */
  private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);

  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  private static final HexFormat HEX = HexFormat.of();

  private Wire() {}

  static int unsignedByte(MemorySegment memory, long offset) {
    return Byte.toUnsignedInt(memory.get(JAVA_BYTE, offset));
  }

  static int unsignedShort(MemorySegment memory, long offset) {
    return Short.toUnsignedInt(memory.get(SHORT, offset));
  }

  static long unsignedInt(MemorySegment memory, long offset) {
    return Integer.toUnsignedLong(memory.get(INT, offset));
  }

  static long longAt(MemorySegment memory, long offset) {
    return memory.get(LONG, offset);
  }

  /** The six bytes of a MAC address as a number. */
  static long mac(MemorySegment memory, long offset) {
    return (long) unsignedShort(memory, offset) << 32 | unsignedInt(memory, offset + 2);
  }

  static void appendHex(StringBuilder out, MemorySegment memory, long offset, int length) {
    for (int i = 0; i < length; i++) {
      HEX.toHexDigits(out, memory.get(JAVA_BYTE, offset + i));
    }
  }

  /** Bytes in hex with colons between them, as MAC addresses are written. */
  static void appendMac(StringBuilder out, MemorySegment memory, long offset, int length) {
    for (int i = 0; i < length; i++) {
      if (i > 0) {
        out.append(':');
      }
      HEX.toHexDigits(out, memory.get(JAVA_BYTE, offset + i));
    }
  }

  static void appendIpv4(StringBuilder out, MemorySegment memory, long offset) {
    for (int i = 0; i < 4; i++) {
      if (i > 0) {
        out.append('.');
      }
      out.append(unsignedByte(memory, offset + i));
    }
  }

  /** The form of RFC 5952; its mixed notation for IPv4-mapped and IPv4-compatible addresses. */
  static void appendIpv6(StringBuilder out, MemorySegment memory, long offset) {
    int zerosStart = 8;
    int zeros = 1;
    for (int i = 0; i < 8; i++) {
      int run = zeroGroups(memory, offset, i);
      if (run > zeros) {
        zerosStart = i;
        zeros = run;
      }
      i += run;
    }
    boolean mixed =
        zerosStart == 0
            && (zeros == 6 || zeros == 5 && unsignedShort(memory, offset + 10) == 0xFFFF);
    int groups = mixed ? 6 : 8;
    for (int i = 0; i < groups; i++) {
      if (i == zerosStart) {
        out.append("::");
        i += zeros - 1;
      } else {
        separate(out, i, zerosStart, zeros);
        out.append(Integer.toHexString(unsignedShort(memory, offset + 2L * i)));
      }
    }
    if (mixed) {
      separate(out, 6, zerosStart, zeros);
      appendIpv4(out, memory, offset + 12);
    }
  }

  private static void separate(StringBuilder out, int group, int zerosStart, int zeros) {
    if (group > 0 && group != zerosStart + zeros) {
      out.append(':');
    }
  }

  /** How many groups from this one on are zero. */
  private static int zeroGroups(MemorySegment memory, long offset, int group) {
    int end = group;
    while (end < 8 && unsignedShort(memory, offset + 2L * end) == 0) {
      end++;
    }
    return end - group;
  }
}
