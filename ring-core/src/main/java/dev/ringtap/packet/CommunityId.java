package dev.ringtap.packet;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Computes Community IDs, version 1: the name of a conversation that Zeek, Suricata, Wireshark and
 * others agree on, such as {@code 1:LQU9qZlK+B5F3KDmev6m5PMibrg=}. Both directions have the same.
 *
 * <p>TCP, UDP and SCTP count with addresses and ports, ICMP and ICMPv6 with type and code, any
 * other IP protocol with its addresses alone. VLAN tags, outer headers of tunnels and the rest of
 * the packet do not count.
 *
 * <p>Not thread-safe: an instance reuses its digest.
 *
 * @see <a href="https://github.com/corelight/community-id-spec">The specification</a>
 */
public final class CommunityId {
  private static final int IPV6_BYTES = 16;
  private static final int SEED_BYTES = 2;
  private static final String VERSION = "1:";

  /** Bytes of an ID before it is text. */
  public static final int DIGEST_BYTES = 20;

  /** In place of a message type that answers: the conversation has one direction. */
  public static final int ONE_WAY = -1;

  private final MessageDigest sha1;
  private final ByteBuffer input = ByteBuffer.allocate(SEED_BYTES + 2 * IPV6_BYTES + 2 + 4);
  private final byte[] digest = new byte[DIGEST_BYTES];

  /** Computes IDs with seed 0, as every tool does unless it is told otherwise. */
  public CommunityId() {
    this(0);
  }

  /**
   * Computes IDs with a seed.
   *
   * @param seed 0 to 65,535; sites with different seeds have different IDs
   * @throws IllegalArgumentException if it is out of range
   */
  public CommunityId(int seed) {
    if (seed < 0 || seed > 0xFFFF) {
      throw new IllegalArgumentException("Community ID seed " + seed + "; expected 0 to 65535");
    }
    input.putShort(0, (short) seed);
    try {
      sha1 = MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-1", e);
    }
  }

  /**
   * Returns the ID of the packet's conversation.
   *
   * @return null if the packet is not IP, is a fragment other than the first, or is truncated
   *     before its ports or ICMP code
   */
  public @Nullable String of(PacketHeaders headers) {
    return digest(headers, digest) ? text(digest) : null;
  }

  /** An ID as text. */
  public static String text(byte[] digest) {
    return VERSION + Base64.getEncoder().encodeToString(digest);
  }

  /**
   * Computes the ID of the packet's conversation without its text, and allocates nothing.
   *
   * @param to receives {@value #DIGEST_BYTES} bytes
   * @return whether the packet has one; see {@link #of}
   */
  public boolean digest(PacketHeaders headers, byte[] to) {
    int protocol = headers.ipProtocol();
    if (!headers.hasTransportHeader()) {
      return false;
    }
    boolean icmp = protocol == (headers.ipVersion() == 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6);
    boolean ports = icmp || IpProtocol.hasPorts(protocol);
    int source = icmp ? headers.icmpType() : headers.srcPort();
    if (ports && source < 0) {
      return false;
    }
    int counterpart = icmp ? counterpart(headers.ipVersion(), source) : headers.dstPort();
    boolean oneWay = icmp && counterpart == ONE_WAY;
    int destination = oneWay ? headers.icmpCode() : counterpart;

    input.position(SEED_BYTES);
    if (oneWay || isOrdered(headers, source, destination)) {
      putAddresses(headers, true);
      putProtocol(protocol, ports, source, destination);
    } else {
      putAddresses(headers, false);
      putProtocol(protocol, ports, destination, source);
    }
    digestInput(to);
    return true;
  }

  /**
   * The same of a packet of TCP or UDP over IPv4 that is no fragment.
   *
   * @param source the source's address
   * @param destination the destination's address
   * @param protocol 6 or 17
   */
  public void digestIpv4(
      int source, int sourcePort, int destination, int destinationPort, int protocol, byte[] to) {
    int order = Integer.compareUnsigned(source, destination);
    boolean ordered = order != 0 ? order < 0 : sourcePort < destinationPort;
    input.position(SEED_BYTES);
    input.putInt(ordered ? source : destination).putInt(ordered ? destination : source);
    putProtocol(
        protocol,
        true,
        ordered ? sourcePort : destinationPort,
        ordered ? destinationPort : sourcePort);
    digestInput(to);
  }

  private void digestInput(byte[] to) {
    sha1.update(input.array(), 0, input.position());
    try {
      sha1.digest(to, 0, DIGEST_BYTES);
    } catch (DigestException e) {
      throw new IllegalArgumentException("an ID has " + DIGEST_BYTES + " bytes", e);
    }
  }

  /** Whether the source is the smaller of the endpoints: by address, then by port, unsigned. */
  private static boolean isOrdered(PacketHeaders headers, int source, int destination) {
    int order;
    if (headers.ipVersion() == 4) {
      order = Long.compare(headers.ipInt(12), headers.ipInt(16));
    } else {
      order = Long.compareUnsigned(headers.ipLong(8), headers.ipLong(24));
      if (order == 0) {
        order = Long.compareUnsigned(headers.ipLong(16), headers.ipLong(32));
      }
    }
    return order != 0 ? order < 0 : source < destination;
  }

  private void putAddresses(PacketHeaders headers, boolean sourceFirst) {
    if (headers.ipVersion() == 4) {
      input.putInt((int) headers.ipInt(sourceFirst ? 12 : 16));
      input.putInt((int) headers.ipInt(sourceFirst ? 16 : 12));
      return;
    }
    int first = sourceFirst ? 8 : 24;
    int second = sourceFirst ? 24 : 8;
    input.putLong(headers.ipLong(first)).putLong(headers.ipLong(first + 8));
    input.putLong(headers.ipLong(second)).putLong(headers.ipLong(second + 8));
  }

  private void putProtocol(int protocol, boolean ports, int first, int second) {
    input.put((byte) protocol).put((byte) 0);
    if (ports) {
      input.putShort((short) first).putShort((short) second);
    }
  }

  /**
   * The ICMP or ICMPv6 message type that answers a type, or {@link #ONE_WAY}; as in Zeek's ICMP.cc.
   */
  public static int counterpart(int ipVersion, int type) {
    if (ipVersion == 4) {
      return switch (type) {
        case 0 -> 8; // echo
        case 8 -> 0;
        case 9 -> 10; // router advertisement, solicitation
        case 10 -> 9;
        case 13 -> 14; // timestamp
        case 14 -> 13;
        case 15 -> 16; // information
        case 16 -> 15;
        case 17 -> 18; // address mask
        case 18 -> 17;
        default -> ONE_WAY;
      };
    }
    return switch (type) {
      case 128 -> 129; // echo
      case 129 -> 128;
      case 130 -> 131; // multicast listener query, report
      case 131 -> 130;
      case 133 -> 134; // router solicitation, advertisement
      case 134 -> 133;
      case 135 -> 136; // neighbor solicitation, advertisement
      case 136 -> 135;
      case 139 -> 140; // node information
      case 140 -> 139;
      case 144 -> 145; // home agent address discovery
      case 145 -> 144;
      default -> ONE_WAY;
    };
  }
}
