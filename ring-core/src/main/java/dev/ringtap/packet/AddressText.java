package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Writes IP addresses as text. Allocates nothing for one; not thread-safe. */
public final class AddressText {
  private static final int IPV6_BYTES = 16;

  private final ByteBuffer address = ByteBuffer.allocate(IPV6_BYTES);
  private final ByteView bytes =
      new ByteView().show(MemorySegment.ofArray(address.array()), 0, IPV6_BYTES);

  /** Creates a writer. */
  public AddressText() {}

  /**
   * Appends an address, IPv6 as in RFC 5952.
   *
   * @param ipVersion 4 or 6
   * @param upper the upper 64 bits of an IPv6 address
   * @param lower its lower 64 bits, or the 32 bits of an IPv4 address
   */
  public void append(StringBuilder out, int ipVersion, long upper, long lower) {
    if (ipVersion == 4) {
      address.putInt(0, (int) lower);
      NetworkBytes.appendIpv4(out, bytes, 0);
    } else {
      address.putLong(0, upper).putLong(Long.BYTES, lower);
      NetworkBytes.appendIpv6(out, bytes, 0);
    }
  }
}
