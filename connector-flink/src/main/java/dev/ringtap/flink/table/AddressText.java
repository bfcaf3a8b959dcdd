package dev.ringtap.flink.table;

import dev.ringtap.capture.LinkType;
import dev.ringtap.packet.PacketHeaders;
import java.lang.foreign.MemorySegment;

/** The form in which a packet's columns show an address. */
final class AddressText {
  private static final int IPV4_BYTES = 20;
  private static final int IPV4_DST = 16;
  private static final int IPV6_BYTES = 40;
  private static final int IPV6_DST = 24;

  private AddressText() {}

  /** Has the decoder itself show it, in a header of nothing else. */
  static String of(byte[] address) {
    boolean v4 = address.length == 4;
    byte[] header = new byte[v4 ? IPV4_BYTES : IPV6_BYTES];
    header[0] = (byte) (v4 ? 0x45 : 0x60);
    System.arraycopy(address, 0, header, v4 ? IPV4_DST : IPV6_DST, address.length);
    return new PacketHeaders()
        .parse(MemorySegment.ofArray(header), 0, header.length, LinkType.RAW_IP)
        .ipDst();
  }
}
