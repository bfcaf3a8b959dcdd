package dev.ringtap.flink.table;

import dev.ringtap.packet.AddressText;
import java.io.Serializable;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A range of IP addresses in CIDR form.
 *
 * @param address 4 or 16 bytes
 * @param prefixBits leading bits that are the same for all
 */
record Subnet(byte[] address, int prefixBits) implements Serializable {
  private static final long serialVersionUID = 1;

  /**
   * Reads {@code 10.0.0.0/8} or {@code 2001:db8::/32}; without a slash it is one address.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static Subnet parse(String text) {
    int slash = text.indexOf('/');
    byte[] address = bytes(slash < 0 ? text : text.substring(0, slash));
    int most = address.length * 8;
    int bits = most;
    if (slash >= 0) {
      try {
        bits = Integer.parseInt(text.substring(slash + 1));
      } catch (NumberFormatException e) {
        bits = -1;
      }
    }
    if (bits < 0 || bits > most) {
      throw new IllegalArgumentException(
          "subnet '%s'; expected an address, or address/bits with 0 to %s bits"
              .formatted(text, most));
    }
    return new Subnet(address, bits);
  }

  /** The bytes of an address; null if the text is none. */
  static byte @Nullable [] addressOrNull(@Nullable String text) {
    try {
      return text == null ? null : bytes(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** Of the forms of an address that Java takes, those that are shown: not 10.1 or fe80::1%eth0. */
  private static byte[] bytes(String text) {
    boolean v6 = text.indexOf(':') >= 0;
    String pattern = v6 ? "[0-9a-fA-F:.]+" : "\\d{1,3}(\\.\\d{1,3}){3}";
    if (!text.matches(pattern)) {
      throw new IllegalArgumentException("'" + text + "' is no IP address");
    }
    byte[] bytes;
    try {
      bytes = InetAddress.ofLiteral(text).getAddress();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + text + "' is no IP address", e);
    }
    return v6 && bytes.length == 4 ? mapped(bytes) : bytes;
  }

  /** Java shortens ::ffff:10.0.0.1 to IPv4; on the wire it has 16 bytes. */
  private static byte[] mapped(byte[] v4) {
    byte[] v6 = new byte[16];
    v6[10] = -1;
    v6[11] = -1;
    System.arraycopy(v4, 0, v6, 12, 4);
    return v6;
  }

  /** The address in the form in which columns show it. */
  String text() {
    ByteBuffer bytes = ByteBuffer.wrap(address);
    boolean v4 = address.length == Integer.BYTES;
    StringBuilder text = new StringBuilder();
    new AddressText()
        .append(
            text,
            v4 ? 4 : 6,
            v4 ? 0 : bytes.getLong(0),
            v4 ? bytes.getInt(0) : bytes.getLong(Long.BYTES));
    return text.toString();
  }

  /** Whether an address of 4 or 16 bytes is in it. */
  boolean contains(byte[] other) {
    if (other.length != address.length) {
      return false;
    }
    int whole = prefixBits / 8;
    for (int i = 0; i < whole; i++) {
      if (other[i] != address[i]) {
        return false;
      }
    }
    int rest = prefixBits % 8;
    return rest == 0 || ((other[whole] ^ address[whole]) & 0xFF & 0xFF00 >> rest) == 0;
  }
}
