package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import java.util.HexFormat;

/** Addresses as text and as numbers. Callers have checked their bounds. */
final class NetworkBytes {
  static final int MAC_BYTES = 6;

  private static final HexFormat HEX = HexFormat.of();

  private NetworkBytes() {}

  /** The six bytes of a MAC address as a number. */
  static long mac(ByteView bytes, int at) {
    return (long) bytes.unsignedShort(at) << 32 | bytes.unsignedInt(at + 2);
  }

  /** A MAC address as it is written, {@code 02:00:00:00:00:01}. */
  static String macText(long mac) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      HEX.toHexDigits(text, (byte) (mac >>> shift));
      text.append(shift == 0 ? "" : ":");
    }
    return text.toString();
  }

  static void appendHex(StringBuilder out, ByteView bytes, int at, int length) {
    for (int i = 0; i < length; i++) {
      HEX.toHexDigits(out, (byte) bytes.unsignedByte(at + i));
    }
  }

  /** Bytes in hex with colons between them, as MAC addresses are written. */
  static void appendMac(StringBuilder out, ByteView bytes, int at, int length) {
    for (int i = 0; i < length; i++) {
      if (i > 0) {
        out.append(':');
      }
      HEX.toHexDigits(out, (byte) bytes.unsignedByte(at + i));
    }
  }

  static void appendIpv4(StringBuilder out, ByteView bytes, int at) {
    for (int i = 0; i < 4; i++) {
      if (i > 0) {
        out.append('.');
      }
      out.append(bytes.unsignedByte(at + i));
    }
  }

  /** The form of RFC 5952; its mixed notation for IPv4-mapped and IPv4-compatible addresses. */
  static void appendIpv6(StringBuilder out, ByteView bytes, int at) {
    int zerosStart = 8;
    int zeros = 1;
    for (int i = 0; i < 8; i++) {
      int run = zeroGroups(bytes, at, i);
      if (run > zeros) {
        zerosStart = i;
        zeros = run;
      }
      i += run;
    }
    boolean mixed =
        zerosStart == 0 && (zeros == 6 || zeros == 5 && bytes.unsignedShort(at + 10) == 0xFFFF);
    int groups = mixed ? 6 : 8;
    for (int i = 0; i < groups; i++) {
      if (i == zerosStart) {
        out.append("::");
        i += zeros - 1;
      } else {
        separate(out, i, zerosStart, zeros);
        appendGroup(out, bytes.unsignedShort(at + 2 * i));
      }
    }
    if (mixed) {
      separate(out, 6, zerosStart, zeros);
      appendIpv4(out, bytes, at + 12);
    }
  }

  /** Hex without leading zeros. */
  private static void appendGroup(StringBuilder out, int group) {
    for (int shift = 12; shift >= 0; shift -= 4) {
      if (shift == 0 || group >>> shift != 0) {
        out.append(Character.forDigit(group >>> shift & 0xF, 16));
      }
    }
  }

  private static void separate(StringBuilder out, int group, int zerosStart, int zeros) {
    if (group > 0 && group != zerosStart + zeros) {
      out.append(':');
    }
  }

  /** How many groups from this one on are zero. */
  private static int zeroGroups(ByteView bytes, int at, int group) {
    int end = group;
    while (end < 8 && bytes.unsignedShort(at + 2 * end) == 0) {
      end++;
    }
    return end - group;
  }
}
