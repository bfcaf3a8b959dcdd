package dev.ringtap.testcontainers.example;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Ethernet frames of made-up hosts. */
final class Frames {
  private static final String ADDRESSES = "020000000002" + "020000000001";
  private static final int IP_BYTES = 20;
  private static final int UDP_BYTES = 8;

  private Frames() {}

  /**
   * A UDP datagram from and to a port.
   *
   * @param tags VLAN tags, in hex
   * @param dataBytes zeros that it carries
   */
  static byte[] udp(String tags, int port, int dataBytes) {
    int udpBytes = UDP_BYTES + dataBytes;
    byte[] link = HexFormat.of().parseHex(ADDRESSES + tags + "0800");
    return ByteBuffer.allocate(link.length + IP_BYTES + udpBytes)
        .put(link)
        .putShort((short) 0x4500)
        .putShort((short) (IP_BYTES + udpBytes))
        .putInt(0)
        .putShort((short) (64 << 8 | 17))
        .putShort((short) 0)
        .put(new byte[] {10, 42, 0, 1, 10, 42, 0, 2})
        .putShort((short) port)
        .putShort((short) port)
        .putShort((short) udpBytes)
        .array();
  }
}
