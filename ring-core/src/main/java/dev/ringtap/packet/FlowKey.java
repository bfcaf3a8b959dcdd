package dev.ringtap.packet;

/**
 * A number for the conversation that a packet belongs to: both directions have the same, so that
 * one partition holds all of it in order.
 *
 * <ul>
 *   <li>TCP, UDP, SCTP: the two addresses with their ports, and the protocol.
 *   <li>ICMP and ICMPv6 echo: the two addresses, the protocol and the identifier, so that requests
 *       and replies of one pinger meet and two pingers do not.
 *   <li>Other IP, and what is cut off before the ports: the two addresses and the protocol.
 *   <li>Fragments of IP datagrams, the first one too: the two addresses and the protocol. All
 *       fragments of a datagram agree, but not with packets of the same conversation that needed no
 *       fragmentation.
 *   <li>Anything else with a link-layer header: its MAC addresses and EtherType.
 *   <li>The rest, too short for that: all the same.
 * </ul>
 *
 * <p>VLAN tags do not count, wherever they are: beside the frame or inside it. All 64 bits are well
 * mixed, so any of them serve as a bucket. The function is fixed: keys of stored records and of new
 * ones are comparable. It has no secret, so senders can choose packets that share a key.
 *
 * <p>Stateless, allocates nothing.
 */
public final class FlowKey {
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  private FlowKey() {}

  /** The key of the packet that the headers show. */
  public static long of(PacketHeaders headers) {
    int version = headers.ipVersion();
    if (version == 4) {
      return ipv4(headers);
    }
    return version == 6 ? ipv6(headers) : link(headers);
  }

  /**
   * The same of a packet of TCP or UDP over IPv4 that is no fragment.
   *
   * @param source the source's address
   * @param destination the destination's address
   * @param protocol 6 or 17
   */
  public static long ofIpv4(
      int source, int sourcePort, int destination, int destinationPort, int protocol) {
    return combine(
        ipv4Endpoint(Integer.toUnsignedLong(source), sourcePort),
        ipv4Endpoint(Integer.toUnsignedLong(destination), destinationPort),
        4 << 16 | protocol);
  }

  private static long ipv4(PacketHeaders headers) {
    long source = ipv4Endpoint(headers.ipInt(12), srcSelector(headers));
    long destination = ipv4Endpoint(headers.ipInt(16), dstSelector(headers));
    return combine(source, destination, 4 << 16 | protocol(headers));
  }

  private static long ipv6(PacketHeaders headers) {
    long source = ipv6Endpoint(headers.ipLong(8), headers.ipLong(16), srcSelector(headers));
    long destination = ipv6Endpoint(headers.ipLong(24), headers.ipLong(32), dstSelector(headers));
    return combine(source, destination, 6 << 16 | protocol(headers));
  }

  private static long link(PacketHeaders headers) {
    LinkHeader link = headers.link();
    return combine(mix(link.srcMac()), mix(link.dstMac()), link.etherType() & 0xFFFF);
  }

  private static int protocol(PacketHeaders headers) {
    return headers.isFragment() ? headers.fragmentProtocol() : headers.ipProtocol();
  }

  /** What tells conversations between the same hosts apart, or -1. */
  private static int srcSelector(PacketHeaders headers) {
    if (headers.isFragment()) {
      return -1;
    }
    int port = headers.srcPort();
    return port >= 0 ? port : headers.icmpEchoIdentifier();
  }

  private static int dstSelector(PacketHeaders headers) {
    if (headers.isFragment()) {
      return -1;
    }
    int port = headers.dstPort();
    return port >= 0 ? port : headers.icmpEchoIdentifier();
  }

  private static long ipv4Endpoint(long address, int selector) {
    return mix(address << 17 | selector + 1);
  }

  private static long ipv6Endpoint(long upper, long lower, int selector) {
    return mix(mix(mix(upper) + lower) + selector + 1);
  }

  /** A sum, since it does not care for the order. */
  private static long combine(long source, long destination, int kind) {
    return mix(source + destination + kind * GOLDEN_RATIO);
  }

  /**
   * The finalizer of SplitMix64 (Stafford's variant 13) on a shifted input, so that 0 is not 0.
   * Sebastiano Vigna, <a href="https://prng.di.unimi.it/splitmix64.c">splitmix64.c</a>.
   */
  private static long mix(long value) {
    long z = value + GOLDEN_RATIO;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
