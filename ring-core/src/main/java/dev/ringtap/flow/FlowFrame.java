package dev.ringtap.flow;

import dev.ringtap.capture.ByteView;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.VlanTag;
import dev.ringtap.packet.CommunityId;
import dev.ringtap.packet.EtherType;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.IpProtocol;
import dev.ringtap.packet.PacketHeaders;
import java.lang.foreign.MemorySegment;

/**
 * What a flow takes from one frame: each header field is decoded once. One instance serves any
 * number of frames. Not thread-safe.
 */
public final class FlowFrame {
  // bits of kind, above the protocol and the IP version

  static final int HAS_PORTS = 1 << 28;

  static final int IS_ICMP = 1 << 29;

  /** An ICMP message that no other answers: the reverse direction is another flow. */
  static final int IS_ONE_WAY = 1 << 30;

  private static final int TAG_BYTES = 4;

  private static final int ETHERNET_BYTES = 14;
  private static final int IPV4_BYTES = 20;
  private static final int UDP_BYTES = 8;
  private static final int TCP_BYTES = 20;

  /** Version 4, no options. */
  private static final int PLAIN_IPV4 = 0x45;

  /** More fragments, and the offset of this one. */
  private static final int FRAGMENT = 0x3FFF;

  /** IP headers, extension headers included, and those of ICMP or SCTP. */
  private static final int MAX_HEADER_BYTES = 512;

  private final ByteView bytes = new ByteView();
  private final PacketHeaders headers = new PacketHeaders();
  private final CommunityId communityId = new CommunityId();

  private boolean ip;

  /** Whether it was read without {@link #headers}, which then show another frame. */
  private boolean plain;

  long timestampNanos;

  CaptureId capture = CaptureId.on("");

  long lostBefore;

  /** Of the table that read it. */
  int hash;

  long srcUpper;
  long srcLower;
  long dstUpper;
  long dstLower;

  /** Source and destination port, or an ICMP type and its counterpart or code. */
  int selectors;

  /** Protocol, IP version and the bits above. */
  int kind;

  /** The outermost VLAN ID in the upper, the next one in the lower 12 bits; 0 for none. */
  int vlans;

  int ttl;
  int ipOctets;
  int frameOctets;

  /** -1 if the transport header is missing. */
  int payloadOctets;

  /** -1 if there is no TCP header; what follows is void then. */
  int tcpFlags;

  int sequence;
  int acknowledgment;
  int window;

  /** Creates a view of no frame. */
  public FlowFrame() {}

  /** Reads a frame; {@link #isIp} tells whether it belongs to a flow. */
  public FlowFrame read(Frame frame) {
    capture = frame.capture();
    lostBefore = frame.lostBefore();
    plain = frame.linkType() == LinkType.ETHERNET && readPlain(frame);
    if (plain) {
      return this;
    }
    headers.parse(frame);
    int beside = (frame.isTagStripped() ? TAG_BYTES : 0) + frame.cookedHeaderLength();
    int outer = frame.isTagStripped() ? frame.vlanTag() : 0;
    return read(frame.timestampNanos(), frame.originalLength(), outer, beside);
  }

  /**
   * Reads a frame of TCP or UDP over IPv4 whose headers are whole, without options and with no tag
   * among the bytes, as most are: with a load for each eight bytes.
   *
   * @return false if it is another frame
   */
  private boolean readPlain(Frame frame) {
    int length = bytes.show(frame).length();
    if (length < ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES || frame.cookedHeaderLength() != 0) {
      return false;
    }
    long typeToId = bytes.longAt(12);
    long fragmentToSource = bytes.longAt(20);
    int protocol = (int) (fragmentToSource >>> 32) & 0xFF;
    boolean tcp = protocol == IpProtocol.TCP;
    int transportBytes = tcp ? TCP_BYTES : UDP_BYTES;
    int ipBytes = (int) (typeToId >>> 16) & 0xFFFF;
    if (typeToId >>> 48 != EtherType.IPV4
        || (typeToId >>> 40 & 0xFF) != PLAIN_IPV4
        || (fragmentToSource >>> 48 & FRAGMENT) != 0
        || !tcp && protocol != IpProtocol.UDP
        || ipBytes < IPV4_BYTES + transportBytes
        || length < ETHERNET_BYTES + IPV4_BYTES + transportBytes) {
      return false;
    }
    long addresses = bytes.longAt(26);
    long transport = bytes.longAt(34);
    ip = true;
    timestampNanos = frame.timestampNanos();
    frameOctets = frame.originalLength();
    srcUpper = 0;
    srcLower = addresses >>> 32;
    dstUpper = 0;
    dstLower = addresses & 0xFFFF_FFFFL;
    selectors = (int) (transport >>> 32);
    kind = 4 << 24 | protocol << 16 | HAS_PORTS;
    vlans = frame.isTagStripped() ? VlanTag.id(frame.vlanTag()) << 12 : 0;
    ttl = (int) (fragmentToSource >>> 40) & 0xFF;
    ipOctets = ipBytes;
    int transportLength = ipBytes - IPV4_BYTES;
    if (tcp) {
      long rest = bytes.longAt(42);
      int headerBytes = (int) (rest >>> 28 & 0xF) * 4;
      payloadOctets = headerBytes < TCP_BYTES ? -1 : Math.max(-1, transportLength - headerBytes);
      tcpFlags = (int) (rest >>> 16) & 0xFF;
      sequence = (int) transport;
      acknowledgment = (int) (rest >>> 32);
      window = (int) rest & 0xFFFF;
    } else {
      int udpLength = (int) (transport >>> 16) & 0xFFFF;
      int whole = udpLength == 0 ? transportLength : Math.min(udpLength, transportLength);
      payloadOctets = Math.max(-1, whole - UDP_BYTES);
      tcpFlags = -1;
    }
    return true;
  }

  /**
   * Reads a frame whose bytes are elsewhere, such as a record's payload.
   *
   * @param of the capture that it is of
   * @param timestampNanos nanoseconds since 1970 UTC
   * @param originalLength bytes of the frame on the wire
   * @param memory where its payload is, or as much of it as has headers
   * @param linkType LINKTYPE value of the first header
   * @param vlanTag the outermost VLAN tag, in the payload or beside it, or 0
   */
  public FlowFrame read(
      CaptureId of,
      long timestampNanos,
      int originalLength,
      MemorySegment memory,
      int linkType,
      int vlanTag) {
    headers.parse(memory, 0, Math.toIntExact(memory.byteSize()), linkType);
    plain = false;
    capture = of;
    return read(timestampNanos, originalLength, vlanTag == headers.vlanTag(0) ? 0 : vlanTag, 0);
  }

  /**
   * @param outerTag the outermost tag if it is not among the bytes, or 0
   * @param besideOctets of the frame before its IP header that are not among the bytes
   */
  private FlowFrame read(long nanos, int originalLength, int outerTag, int besideOctets) {
    timestampNanos = nanos;
    frameOctets = originalLength;
    int version = headers.ipVersion();
    ip = version > 0;
    if (!ip) {
      return this;
    }
    srcUpper = headers.ipSrcUpper();
    srcLower = headers.ipSrcLower();
    dstUpper = headers.ipDstUpper();
    dstLower = headers.ipDstLower();
    ttl = headers.ttl();
    int told = headers.ipLength();
    ipOctets = told > 0 ? told : Math.max(0, originalLength - besideOctets - headers.ipOffset());
    int protocol = headers.ipProtocol();
    kind = version << 24 | protocol << 16;
    readVlans(outerTag);
    readSelectors(version);
    payloadOctets = headers.payloadLength();
    tcpFlags = protocol == IpProtocol.TCP ? headers.tcpFlags() : -1;
    if (tcpFlags >= 0) {
      sequence = (int) headers.tcpSequence();
      acknowledgment = (int) headers.tcpAcknowledgment();
      window = headers.tcpWindow();
    }
    return this;
  }

  /** VLAN IDs; a priority tag, whose ID is 0, counts as none. */
  private void readVlans(int outerTag) {
    if (outerTag == 0 && headers.vlanCount() == 0) {
      vlans = 0;
      return;
    }
    int outer = outerTag == 0 ? headers.vlanTag(0) : outerTag;
    int inner = headers.vlanTag(outerTag == 0 ? 1 : 0);
    vlans = VlanTag.id(outer) << 12 | VlanTag.id(inner);
  }

  private void readSelectors(int version) {
    int port = headers.srcPort();
    if (port >= 0) {
      selectors = port << 16 | headers.dstPort();
      kind |= HAS_PORTS;
      return;
    }
    int type = headers.icmpType();
    if (type < 0) {
      selectors = 0;
      return;
    }
    int counterpart = CommunityId.counterpart(version, type);
    boolean oneWay = counterpart == CommunityId.ONE_WAY;
    selectors = type << 16 | (oneWay ? headers.icmpCode() : counterpart);
    kind |= oneWay ? IS_ICMP | IS_ONE_WAY : IS_ICMP;
  }

  /**
   * Bytes from the payload's start that hold all that a flow takes from a frame of a record: its
   * headers. All of them if the sender left the IP length out, because their number counts then.
   */
  public int headerBytes() {
    if (headers.ipLength() == 0) {
      return Integer.MAX_VALUE;
    }
    int payload = headers.payloadOffset();
    return payload >= 0 ? payload : Math.max(headers.ipOffset(), 0) + MAX_HEADER_BYTES;
  }

  /** Whether it is an IP packet whose addresses were captured: others belong to no flow. */
  public boolean isIp() {
    return ip;
  }

  boolean isFragment() {
    return !plain && headers.isFragment();
  }

  boolean isLaterFragment() {
    return !plain && headers.fragmentOffset() > 0;
  }

  long fragmentIdentification() {
    return headers.fragmentIdentification();
  }

  /** Takes the selectors of the datagram's first fragment. */
  void completeFragment(int firstSelectors, int firstKind) {
    selectors = firstSelectors;
    kind = firstKind;
  }

  boolean isTcp() {
    return protocol() == IpProtocol.TCP;
  }

  private int protocol() {
    return kind >>> 16 & 0xFF;
  }

  /** See {@link FlowKey}. */
  long flowKey() {
    return plain
        ? FlowKey.ofIpv4(
            (int) srcLower, selectors >>> 16, (int) dstLower, selectors & 0xFFFF, protocol())
        : FlowKey.of(headers);
  }

  /** See {@link CommunityId#digest}. */
  boolean communityId(byte[] to) {
    if (plain) {
      communityId.digestIpv4(
          (int) srcLower, selectors >>> 16, (int) dstLower, selectors & 0xFFFF, protocol(), to);
      return true;
    }
    return communityId.digest(headers, to);
  }

  /**
   * A number for the two addresses, in one capture and VLAN: both directions have the same, and so
   * have all fragments of a datagram. It has no secret, and is the same everywhere.
   */
  public long addressKey() {
    long source = FlowTable.mix(FlowTable.mix(srcUpper) + srcLower);
    long destination = FlowTable.mix(FlowTable.mix(dstUpper) + dstLower);
    long of = capture.startMicros() + capture.member();
    of = FlowTable.mix(of) + capture.host().hashCode();
    of = FlowTable.mix(of) + capture.interfaceName().hashCode();
    return FlowTable.mix(source + destination + FlowTable.mix(of + vlans));
  }

  /** Names the flow, in any capture: both directions have the same name. */
  String flowName() {
    int sourceSelector = selectors >>> 16;
    int destinationSelector = selectors & 0xFFFF;
    int order = Long.compareUnsigned(srcUpper, dstUpper);
    order = order != 0 ? order : Long.compareUnsigned(srcLower, dstLower);
    order = order != 0 ? order : Integer.compare(sourceSelector, destinationSelector);
    boolean swap = order > 0 && (kind & IS_ONE_WAY) == 0;
    return name(swap, swap ? Biflow.swapped(selectors) : selectors, kind);
  }

  /** Names the datagram that a fragment is of, in any capture. */
  String datagramName() {
    return name(false, (int) fragmentIdentification(), 0);
  }

  private String name(boolean swap, int number, int ofKind) {
    StringBuilder name = new StringBuilder(128);
    appendHex(name, swap ? dstUpper : srcUpper);
    appendHex(name, swap ? dstLower : srcLower);
    appendHex(name, swap ? srcUpper : dstUpper);
    appendHex(name, swap ? srcLower : dstLower);
    appendHex(name, number);
    appendHex(name, vlans);
    appendHex(name, ofKind);
    appendHex(name, capture.startMicros());
    appendHex(name, capture.member());
    return name.append(capture.interfaceName()).append('/').append(capture.host()).toString();
  }

  private static void appendHex(StringBuilder to, long number) {
    to.append(Long.toHexString(number)).append(' ');
  }
}
