package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.VlanTag;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The headers of one packet, found in its bytes without copying them: Ethernet (IEEE 802.3) with
 * VLAN tags (IEEE 802.1Q, 802.1ad), ARP (RFC 826), IPv4 (RFC 791), IPv6 with its extension headers
 * (RFC 8200), TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792) and ICMPv6 (RFC 4443).
 *
 * <pre>{@code
 * PacketHeaders headers = new PacketHeaders();
 * Frame frame;
 * while ((frame = block.next()) != null) {
 *   if (headers.parse(frame).dstPort() == 53) { ... }
 * }
 * }</pre>
 *
 * <p>One instance serves any number of packets: {@link #parse} moves it to the next. No bytes make
 * it throw, none outside the packet are read, and nothing is allocated but the strings that are
 * asked for. A header counts only where it was captured whole; what is absent is -1, 0 for a tag,
 * or null for a string.
 *
 * <p>After the frame's block was released, or the memory's arena closed, every accessor throws
 * {@link IllegalStateException}; copy what you want to keep. Not thread-safe.
 */
public final class PacketHeaders {
  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int TCP_BYTES = 20;
  private static final int UDP_BYTES = 8;
  private static final int ARP_BYTES = 8;
  private static final int IPV4_MORE_FRAGMENTS = 0x2000;
  private static final int IPV4_FRAGMENT_OFFSET = 0x1FFF;
  private static final int IPV6_MORE_FRAGMENTS = 1;
  private static final int IPV6_FRAGMENT_OFFSET = 0xFFF8;

  /** More than any network uses; it bounds the work on a packet made of nothing else. */
  private static final int MAX_EXTENSION_HEADERS = 16;

  private final ByteView bytes = new ByteView();
  private final LinkHeader link = new LinkHeader(bytes);
  private int length;

  private int networkOffset;
  private int ipVersion;
  private int ipProtocol;
  private boolean fragment;
  private int fragmentOffset;
  private int fragmentProtocol;
  private long fragmentIdentification;

  private int transportOffset;
  private int transportLength;
  private int transportEnd;
  private int srcPort;
  private int dstPort;

  /** A view of no packet: everything is absent. */
  public PacketHeaders() {
    clear();
  }

  /**
   * Shows a frame's bytes as they lie in the ring, where a stripped outer VLAN tag is not among
   * them: {@link Frame#vlanTag()} has it, and {@link #vlanTag(int) vlanTag(0)} is the second one.
   * Of a cooked frame its sender and EtherType are known from what the kernel says about it.
   */
  public PacketHeaders parse(Frame frame) {
    begin(bytes.show(frame));
    if (frame.cookedHeaderLength() == 0) {
      link.parse(frame.linkType());
    } else {
      link.parseCooked(frame);
    }
    return parseNetwork();
  }

  /**
   * Shows a packet.
   *
   * @param memory native memory or the segment of a byte array
   * @param offset of the packet's first byte, in bytes
   * @param length bytes captured of the packet; nothing outside of them is read
   * @param linkType LINKTYPE value of the first header: 1, 101, 113 or 276; of any other everything
   *     is absent
   * @return this
   * @throws IndexOutOfBoundsException if the memory does not hold that range
   */
  public PacketHeaders parse(MemorySegment memory, long offset, int length, int linkType) {
    begin(bytes.show(memory, offset, length));
    link.parse(linkType);
    return parseNetwork();
  }

  private void begin(ByteView shown) {
    clear();
    length = shown.length();
  }

  private PacketHeaders parseNetwork() {
    if (link.etherType() == EtherType.IPV4) {
      parseIpv4(link.payloadOffset());
    } else if (link.etherType() == EtherType.IPV6) {
      parseIpv6(link.payloadOffset());
    }
    return this;
  }

  private void clear() {
    link.clear();
    length = 0;
    networkOffset = -1;
    ipVersion = -1;
    ipProtocol = -1;
    fragment = false;
    fragmentOffset = -1;
    fragmentProtocol = -1;
    fragmentIdentification = -1;
    transportOffset = -1;
    transportLength = 0;
    transportEnd = 0;
    srcPort = -1;
    dstPort = -1;
  }

  private void parseIpv4(int at) {
    if (at + IPV4_BYTES > length) {
      return;
    }
    int first = unsignedByte(at);
    int headerBytes = (first & 0xF) * 4;
    if (first >>> 4 != 4 || headerBytes < IPV4_BYTES) {
      return;
    }
    networkOffset = at;
    ipVersion = 4;
    ipProtocol = unsignedByte(at + 9);
    int flagsAndOffset = unsignedShort(at + 6);
    fragmentOffset = (flagsAndOffset & IPV4_FRAGMENT_OFFSET) * 8;
    fragment = fragmentOffset > 0 || (flagsAndOffset & IPV4_MORE_FRAGMENTS) != 0;
    fragmentProtocol = ipProtocol;
    fragmentIdentification = fragment ? unsignedShort(at + 4) : -1;
    int totalLength = unsignedShort(at + 2);
    if (totalLength == 0) {
      totalLength = length - at;
    }
    if (fragmentOffset == 0) {
      parseTransport(at + headerBytes, at + totalLength);
    }
  }

  private void parseIpv6(int at) {
    if (at + IPV6_BYTES > length || unsignedByte(at) >>> 4 != 6) {
      return;
    }
    networkOffset = at;
    ipVersion = 6;
    fragmentOffset = 0;
    int payloadLength = unsignedShort(at + 4);
    int declaredEnd = payloadLength == 0 ? length : at + IPV6_BYTES + payloadLength;
    int end = Math.min(length, declaredEnd);
    int header = at + IPV6_BYTES;
    ipProtocol = unsignedByte(at + 6);
    for (int i = 0; i < MAX_EXTENSION_HEADERS && isExtension(ipProtocol); i++) {
      int next = header + 8 > end ? Integer.MAX_VALUE : header + extensionBytes(header);
      if (next > end) {
        return;
      }
      if (ipProtocol == IpProtocol.FRAGMENT) {
        parseFragmentHeader(header);
      }
      ipProtocol = unsignedByte(header);
      if (fragmentOffset > 0) {
        return;
      }
      header = next;
    }
    if (!isExtension(ipProtocol)) {
      parseTransport(header, declaredEnd);
    }
  }

  /** The extension headers of RFC 8200, section 4, after which other headers follow. */
  private static boolean isExtension(int protocol) {
    return protocol == IpProtocol.HOP_BY_HOP
        || protocol == IpProtocol.ROUTING
        || protocol == IpProtocol.FRAGMENT
        || protocol == IpProtocol.DESTINATION_OPTIONS
        || protocol == IpProtocol.AUTHENTICATION;
  }

  private int extensionBytes(int header) {
    return switch (ipProtocol) {
      case IpProtocol.FRAGMENT -> 8;
      case IpProtocol.AUTHENTICATION -> (unsignedByte(header + 1) + 2) * 4;
      default -> (unsignedByte(header + 1) + 1) * 8;
    };
  }

  /** A second fragment header would hide the first one's offset: only the first counts. */
  private void parseFragmentHeader(int header) {
    if (fragmentProtocol < 0) {
      int offsetAndFlags = unsignedShort(header + 2);
      fragmentProtocol = unsignedByte(header);
      fragmentOffset = offsetAndFlags & IPV6_FRAGMENT_OFFSET;
      fragment = fragmentOffset > 0 || (offsetAndFlags & IPV6_MORE_FRAGMENTS) != 0;
      fragmentIdentification = fragment ? bytes.unsignedInt(header + 4) : -1;
    }
  }

  private void parseTransport(int at, int declaredEnd) {
    if (at > declaredEnd || at > length) {
      return;
    }
    transportOffset = at;
    transportLength = declaredEnd - at;
    transportEnd = Math.min(length, declaredEnd);
    if (IpProtocol.hasPorts(ipProtocol) && at + 4 <= transportEnd) {
      srcPort = unsignedShort(at);
      dstPort = unsignedShort(at + 2);
    }
  }

  /**
   * EtherType after all VLAN tags, or that of a tag which is cut off; -1 for IEEE 802.3 frames with
   * a length in its place. Raw IP has the one of its IP version.
   */
  public int etherType() {
    bytes.requireReadable();
    return link.etherType();
  }

  /** VLAN tags in the packet's bytes, at most 8. */
  public int vlanCount() {
    bytes.requireReadable();
    return link.vlanCount();
  }

  /**
   * A VLAN tag, TPID in the upper and TCI in the lower 16 bits.
   *
   * @param index 0 is the outermost tag
   */
  public int vlanTag(int index) {
    bytes.requireReadable();
    return link.vlanTag(index);
  }

  /**
   * VLAN id of a tag, 0 to 4095.
   *
   * @param index 0 is the outermost tag
   */
  public int vlanId(int index) {
    int tag = vlanTag(index);
    return tag == 0 ? -1 : VlanTag.id(tag);
  }

  /** 4 or 6. */
  public int ipVersion() {
    bytes.requireReadable();
    return ipVersion;
  }

  /** IPv4's time to live, IPv6's hop limit. */
  public int ttl() {
    bytes.requireReadable();
    return networkOffset < 0 ? -1 : unsignedByte(networkOffset + (ipVersion == 4 ? 8 : 7));
  }

  /**
   * IP protocol number; with IPv6 that of the first header which is no extension header. Where the
   * extension headers are cut off, the number of the first one that is not whole; in a fragment
   * other than the first, the fragment header's next header.
   */
  public int ipProtocol() {
    bytes.requireReadable();
    return ipProtocol;
  }

  /** Whether the packet is a piece of an IP datagram. */
  public boolean isFragment() {
    bytes.requireReadable();
    return fragment;
  }

  /** Where in its datagram's payload the packet's begins, in bytes; 0 if it is no fragment. */
  public int fragmentOffset() {
    bytes.requireReadable();
    return fragmentOffset;
  }

  /** What all fragments of a datagram share, with their addresses; -1 if it is no fragment. */
  public long fragmentIdentification() {
    bytes.requireReadable();
    return fragmentIdentification;
  }

  /** Where in the packet the IP header begins, in bytes. */
  public int ipOffset() {
    bytes.requireReadable();
    return networkOffset;
  }

  /**
   * Bytes of the IP packet, its header included, as the header says; 0 if the sender left the
   * length out, as segmentation offload does for packets of more than 64 KiB.
   */
  public int ipLength() {
    if (ipVersion() < 0) {
      return -1;
    }
    if (ipVersion == 4) {
      return unsignedShort(networkOffset + 2);
    }
    int payload = unsignedShort(networkOffset + 4);
    return payload == 0 && ipProtocol != IpProtocol.NO_NEXT_HEADER ? 0 : IPV6_BYTES + payload;
  }

  /** Upper 64 bits of the IPv6 source address; 0 if there is none. */
  public long ipSrcUpper() {
    return ipVersion() == 6 ? ipLong(8) : 0;
  }

  /** Lower 64 bits of the IPv6 source address, or the 32 bits of IPv4's; 0 if there is none. */
  public long ipSrcLower() {
    return ipVersion() == 6 ? ipLong(16) : ipVersion == 4 ? ipInt(12) : 0;
  }

  /** Upper 64 bits of the IPv6 destination address; 0 if there is none. */
  public long ipDstUpper() {
    return ipVersion() == 6 ? ipLong(24) : 0;
  }

  /**
   * Lower 64 bits of the IPv6 destination address, or the 32 bits of IPv4's; 0 if there is none.
   */
  public long ipDstLower() {
    return ipVersion() == 6 ? ipLong(32) : ipVersion == 4 ? ipInt(16) : 0;
  }

  /** Source port of TCP, UDP or SCTP. */
  public int srcPort() {
    bytes.requireReadable();
    return srcPort;
  }

  /** Destination port of TCP, UDP or SCTP. */
  public int dstPort() {
    bytes.requireReadable();
    return dstPort;
  }

  /** TCP's flags CWR (128), ECE, URG, ACK, PSH, RST, SYN, FIN (1). */
  public int tcpFlags() {
    return hasTransport(IpProtocol.TCP, TCP_BYTES) ? unsignedByte(transportOffset + 13) : -1;
  }

  /** TCP's sequence number, 0 to 2<sup>32</sup> − 1. */
  public long tcpSequence() {
    return hasTransport(IpProtocol.TCP, TCP_BYTES) ? bytes.unsignedInt(transportOffset + 4) : -1;
  }

  /** TCP's acknowledgment number, 0 to 2<sup>32</sup> − 1; it counts if ACK is set. */
  public long tcpAcknowledgment() {
    return hasTransport(IpProtocol.TCP, TCP_BYTES) ? bytes.unsignedInt(transportOffset + 8) : -1;
  }

  /** TCP's window as it is in the header, not scaled. */
  public int tcpWindow() {
    return hasTransport(IpProtocol.TCP, TCP_BYTES) ? unsignedShort(transportOffset + 14) : -1;
  }

  /**
   * Bytes that TCP or UDP carry in this packet, as the headers say; the captured part may be less.
   * Where the sender left the IP length at 0, as segmentation offload does, the captured ones.
   */
  public int payloadLength() {
    if (hasTransport(IpProtocol.TCP, TCP_BYTES)) {
      int headerBytes = tcpHeaderBytes();
      return headerBytes < TCP_BYTES ? -1 : Math.max(-1, transportLength - headerBytes);
    }
    if (hasTransport(IpProtocol.UDP, UDP_BYTES)) {
      int udpLength = unsignedShort(transportOffset + 4);
      int whole = udpLength == 0 ? transportLength : Math.min(udpLength, transportLength);
      return Math.max(-1, whole - UDP_BYTES);
    }
    return -1;
  }

  /**
   * Where in the packet the bytes begin that TCP or UDP carry, if {@link #payloadLength} counts
   * them.
   */
  public int payloadOffset() {
    if (payloadLength() < 0) {
      return -1;
    }
    return transportOffset + (ipProtocol == IpProtocol.TCP ? tcpHeaderBytes() : UDP_BYTES);
  }

  /**
   * A copy of the bytes that TCP or UDP carry in this packet, as far as they were captured; null if
   * {@link #payloadLength} is -1.
   */
  public byte @Nullable [] payload() {
    int at = payloadOffset();
    if (at < 0) {
      return null;
    }
    byte[] payload = new byte[Math.max(0, Math.min(payloadLength(), length - at))];
    if (payload.length > 0) {
      bytes.copyTo(at, payload, 0, payload.length);
    }
    return payload;
  }

  private int tcpHeaderBytes() {
    return (unsignedByte(transportOffset + 12) >>> 4) * 4;
  }

  /** Type of an ICMP or ICMPv6 message. */
  public int icmpType() {
    return isIcmp() ? unsignedByte(transportOffset) : -1;
  }

  /** Code of an ICMP or ICMPv6 message. */
  public int icmpCode() {
    return isIcmp() ? unsignedByte(transportOffset + 1) : -1;
  }

  /** Identifier of an ICMP or ICMPv6 echo request or reply. */
  public int icmpEchoIdentifier() {
    int type = icmpType();
    boolean echo = ipVersion == 4 ? type == 0 || type == 8 : type == 128 || type == 129;
    return echo && transportOffset + 6 <= transportEnd ? unsignedShort(transportOffset + 4) : -1;
  }

  /** ARP operation: 1 request, 2 reply. */
  public int arpOperation() {
    bytes.requireReadable();
    int at = link.payloadOffset();
    return link.etherType() == EtherType.ARP && at + ARP_BYTES <= length
        ? unsignedShort(at + 6)
        : -1;
  }

  /** The sender's MAC address, {@code 02:00:00:00:00:01}; null if the link has none. */
  public @Nullable String ethSrc() {
    return macText(srcMac());
  }

  /** The receiver's MAC address; null if the link has none, as with Linux cooked captures. */
  public @Nullable String ethDst() {
    return macText(dstMac());
  }

  /** The sender's MAC address as a number of 48 bits; -1 if the link has none. */
  public long srcMac() {
    bytes.requireReadable();
    return link.srcMac();
  }

  /** The receiver's MAC address as a number of 48 bits; -1 if the link has none. */
  public long dstMac() {
    bytes.requireReadable();
    return link.dstMac();
  }

  private static @Nullable String macText(long mac) {
    return mac < 0 ? null : NetworkBytes.macText(mac);
  }

  /** IP source address, IPv6 as in RFC 5952; null if there is none. */
  public @Nullable String ipSrc() {
    return ipAddress(12, 8);
  }

  /** IP destination address, IPv6 as in RFC 5952; null if there is none. */
  public @Nullable String ipDst() {
    return ipAddress(16, 24);
  }

  private @Nullable String ipAddress(int ipv4Offset, int ipv6Offset) {
    bytes.requireReadable();
    if (networkOffset < 0) {
      return null;
    }
    StringBuilder text = new StringBuilder(39);
    if (ipVersion == 4) {
      NetworkBytes.appendIpv4(text, bytes, networkOffset + ipv4Offset);
    } else {
      NetworkBytes.appendIpv6(text, bytes, networkOffset + ipv6Offset);
    }
    return text.toString();
  }

  private boolean isIcmp() {
    int protocol = ipVersion == 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
    return hasTransport(protocol, 4);
  }

  private boolean hasTransport(int protocol, int headerBytes) {
    bytes.requireReadable();
    return transportOffset >= 0
        && ipProtocol == protocol
        && transportOffset + headerBytes <= transportEnd;
  }

  /** Whether the header after IP's is reached: not in later fragments, nor if cut off before. */
  boolean hasTransportHeader() {
    return transportOffset >= 0;
  }

  /** The protocol that all fragments of a datagram name, or -1. */
  int fragmentProtocol() {
    return fragmentProtocol;
  }

  LinkHeader link() {
    return link;
  }

  /** Part of the IP header; the caller keeps within its fixed bytes. */
  long ipInt(int offset) {
    return bytes.unsignedInt(networkOffset + offset);
  }

  long ipLong(int offset) {
    return bytes.longAt(networkOffset + offset);
  }

  private int unsignedByte(int at) {
    return bytes.unsignedByte(at);
  }

  private int unsignedShort(int at) {
    return bytes.unsignedShort(at);
  }
}
