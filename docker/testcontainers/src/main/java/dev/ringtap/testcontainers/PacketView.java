package dev.ringtap.testcontainers;

import dev.ringtap.packet.IpProtocol;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.packet.PacketLine;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A packet decoded: what a test asks of it. {@link #toString} is its line as tcpdump words it.
 *
 * <p>Not thread-safe.
 */
public final class PacketView {
  private static final int TCP_SYN = 2;
  private static final int TCP_ACK = 16;

  private static final int TLS_HANDSHAKE = 22;
  private static final int TLS_MAJOR_VERSION = 3;
  private static final int TLS_RECORD_HEADER_BYTES = 5;
  private static final int TLS_CLIENT_HELLO = 1;

  private static final PacketLine LINE = new PacketLine();

  private final Packet packet;
  private final byte[] frame;
  private final PacketHeaders headers;

  private PacketView(Packet packet) {
    this.packet = packet;
    ByteBuffer payload = packet.getPayload().duplicate();
    this.frame = new byte[payload.remaining()];
    payload.get(frame);
    this.headers =
        new PacketHeaders()
            .parse(MemorySegment.ofArray(frame), 0, frame.length, packet.getLinkType());
  }

  /** Decodes a packet; no bytes make it throw. */
  public static PacketView of(Packet packet) {
    return new PacketView(packet);
  }

  /** The packet itself: when and where it was seen, its outermost VLAN tag, its bytes. */
  public Packet packet() {
    return packet;
  }

  /** Addresses, ports, flags, and the VLAN tags within the frame. */
  public PacketHeaders headers() {
    return headers;
  }

  /** Whether it asks for a TCP connection: SYN without ACK. */
  public boolean isConnectionRequest() {
    int flags = headers.tcpFlags();
    return flags >= 0 && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
  }

  /** The bytes that TCP or UDP carry, as far as they were captured; none for other packets. */
  public byte[] data() {
    int offset = headers.payloadOffset();
    if (offset < 0 || offset >= frame.length) {
      return new byte[0];
    }
    byte[] data = new byte[Math.min(headers.payloadLength(), frame.length - offset)];
    System.arraycopy(frame, offset, data, 0, data.length);
    return data;
  }

  /**
   * {@link #data} as text, a character for each byte (ISO 8859-1): for words of plain protocols.
   */
  public String text() {
    return new String(data(), StandardCharsets.ISO_8859_1);
  }

  /** Whether its TCP data begins with a TLS ClientHello (RFC 8446, sections 4 and 5.1). */
  public boolean isTlsClientHello() {
    byte[] data = data();
    return headers.ipProtocol() == IpProtocol.TCP
        && data.length > TLS_RECORD_HEADER_BYTES
        && data[0] == TLS_HANDSHAKE
        && data[1] == TLS_MAJOR_VERSION
        && data[TLS_RECORD_HEADER_BYTES] == TLS_CLIENT_HELLO;
  }

  @Override
  public String toString() {
    return LINE.format(
        PacketFields.timestampNanos(packet),
        packet.getInterfaceName(),
        PacketFields.packetType(packet),
        packet.getOriginalLength(),
        packet.getLinkType(),
        MemorySegment.ofArray(frame),
        0,
        frame.length);
  }
}
