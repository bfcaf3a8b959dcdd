package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;

/**
 * The captured bytes of the packet that {@link PacketLine} writes about, and the line so far. A
 * read after the last captured byte throws {@link CutOff}; the line then ends with the name of the
 * layer that was being read. Offsets are in bytes from the start of the packet.
 */
final class PacketPrinter {
  final StringBuilder out = new StringBuilder(200);

  private final ByteView bytes;
  private int end;
  private String layer = "";

  /** The packet ends before what the line would say next. */
  static final class CutOff extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final CutOff INSTANCE = new CutOff();

    private CutOff() {
      super(null, null, false, false);
    }
  }

  PacketPrinter(ByteView bytes) {
    this.bytes = bytes;
    this.end = bytes.length();
  }

  /** What to name if the packet is cut off from here on. */
  void enter(String layer) {
    this.layer = layer;
  }

  String layer() {
    return layer;
  }

  /** Forgets the bytes from an offset on, those after the packet that a header has measured. */
  void endAt(int offset) {
    end = Math.min(end, offset);
  }

  boolean has(int at, int bytes) {
    return at >= 0 && bytes <= end - at;
  }

  /** Ends the line here if these bytes were not captured. */
  PacketPrinter need(int at, int bytes) {
    if (!has(at, bytes)) {
      throw CutOff.INSTANCE;
    }
    return this;
  }

  /** Bytes captured from an offset on. */
  int left(int at) {
    return Math.max(0, end - at);
  }

  int unsignedByte(int at) {
    need(at, 1);
    return bytes.unsignedByte(at);
  }

  int unsignedShort(int at) {
    need(at, 2);
    return bytes.unsignedShort(at);
  }

  long unsignedInt(int at) {
    need(at, 4);
    return bytes.unsignedInt(at);
  }

  PacketPrinter text(String text) {
    out.append(text);
    return this;
  }

  PacketPrinter number(long number) {
    out.append(number);
    return this;
  }

  /** A number in hex, with leading zeros up to this many digits. */
  PacketPrinter hex(long number, int digits) {
    String hex = Long.toHexString(number);
    out.repeat('0', Math.max(0, digits - hex.length())).append(hex);
    return this;
  }

  /** The bytes as far as they were captured. */
  PacketPrinter hexBytes(int at, int count) {
    NetworkBytes.appendHex(out, bytes, at, Math.min(count, left(at)));
    return need(at, count);
  }

  PacketPrinter mac(int at) {
    return hardwareAddress(at, NetworkBytes.MAC_BYTES);
  }

  PacketPrinter hardwareAddress(int at, int count) {
    need(at, count);
    if (count == 0) {
      out.append("<empty>");
    }
    NetworkBytes.appendMac(out, bytes, at, count);
    return this;
  }

  PacketPrinter ipv4(int at) {
    need(at, 4);
    NetworkBytes.appendIpv4(out, bytes, at);
    return this;
  }

  PacketPrinter ipv6(int at) {
    need(at, 16);
    NetworkBytes.appendIpv6(out, bytes, at);
    return this;
  }

  PacketPrinter length(int bytes) {
    return text(", length ").number(bytes);
  }
}
