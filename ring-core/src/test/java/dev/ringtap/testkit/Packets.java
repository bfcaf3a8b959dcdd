package dev.ringtap.testkit;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Builds packets, lengths and checksums right, for the tests of all modules.
 *
 * <p>Layers nest: {@code tag(ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(56))), 0x8100,
 * 100)}. Whether IPv4 or IPv6 follows from the addresses.
 */
public final class Packets {
  public static final String MAC_1 = "02:00:00:00:00:01";
  public static final String MAC_2 = "02:00:00:00:00:02";

  public static final int FIN = 1;
  public static final int SYN = 2;
  public static final int RST = 4;
  public static final int PSH = 8;
  public static final int ACK = 16;
  public static final int URG = 32;

  private static final int IPV4_HEADER_BYTES = 20;
  private static final int IPV6_HEADER_BYTES = 40;
  private static final int MAC_ADDRESSES_BYTES = 12;
  private static final int MORE_FRAGMENTS = 0x2000;

  /** Lengths at which code that counts bytes breaks: odd, shortest, longest. */
  private static final int[] FRAME_LENGTHS = {
    1, 13, 14, 15, 17, 18, 19, 33, 34, 42, 59, 60, 61, 64, 128, 1514, 1515, 1518, 9000, 65535
  };

  private Packets() {}

  /** An Ethernet frame around an IP packet, from {@link #MAC_1} to {@link #MAC_2}. */
  public static byte[] ethernet(byte[] ipPacket) {
    return ethernet((ipPacket[0] & 0xFF) >>> 4 == 4 ? 0x0800 : 0x86DD, ipPacket);
  }

  public static byte[] ethernet(int etherType, byte[] payload) {
    return ethernet(MAC_1, MAC_2, etherType, payload);
  }

  public static byte[] ethernet(String srcMac, String dstMac, int etherType, byte[] payload) {
    return ByteBuffer.allocate(14 + payload.length)
        .put(mac(dstMac))
        .put(mac(srcMac))
        .putShort((short) etherType)
        .put(payload)
        .array();
  }

  /** The frame with one more VLAN tag, outside of those that it has. */
  public static byte[] tag(byte[] frame, int tpid, int tci) {
    return ByteBuffer.allocate(frame.length + 4)
        .put(frame, 0, MAC_ADDRESSES_BYTES)
        .putShort((short) tpid)
        .putShort((short) tci)
        .put(frame, MAC_ADDRESSES_BYTES, frame.length - MAC_ADDRESSES_BYTES)
        .array();
  }

  /** An ARP message for IPv4 over Ethernet, without its frame. */
  public static byte[] arp(
      int operation, String senderMac, String senderIp, String targetMac, String targetIp) {
    return ByteBuffer.allocate(28)
        .putShort((short) 1)
        .putShort((short) 0x0800)
        .put((byte) 6)
        .put((byte) 4)
        .putShort((short) operation)
        .put(mac(senderMac))
        .put(address(senderIp))
        .put(mac(targetMac))
        .put(address(targetIp))
        .array();
  }

  /** An IP packet with a UDP datagram. */
  public static byte[] udp(String src, int srcPort, String dst, int dstPort, byte[] payload) {
    int length = 8 + payload.length;
    byte[] datagram =
        ByteBuffer.allocate(length)
            .putShort((short) srcPort)
            .putShort((short) dstPort)
            .putShort((short) length)
            .putShort((short) 0)
            .put(payload)
            .array();
    return ip(src, dst, 17, sealed(src, dst, 17, datagram, 6));
  }

  /** An IP packet with a TCP segment; the options are a multiple of 4 bytes. */
  public static byte[] tcp(
      String src,
      int srcPort,
      String dst,
      int dstPort,
      int flags,
      int sequence,
      int acknowledgment,
      byte[] options,
      byte[] payload) {
    byte[] segment =
        ByteBuffer.allocate(20 + options.length + payload.length)
            .putShort((short) srcPort)
            .putShort((short) dstPort)
            .putInt(sequence)
            .putInt(acknowledgment)
            .put((byte) ((20 + options.length) / 4 << 4))
            .put((byte) flags)
            .putShort((short) 64240)
            .putShort((short) 0)
            .putShort((short) 0)
            .put(options)
            .put(payload)
            .array();
    return ip(src, dst, 6, sealed(src, dst, 6, segment, 16));
  }

  /** An IP packet with a TCP segment without options. */
  public static byte[] tcp(
      String src, int srcPort, String dst, int dstPort, int flags, byte[] payload) {
    return tcp(src, srcPort, dst, dstPort, flags, 1_000_000, 2_000_000, new byte[0], payload);
  }

  /** An IP packet with an ICMP or ICMPv6 echo request or reply. */
  public static byte[] echo(
      String src, String dst, boolean request, int identifier, int sequence, byte[] payload) {
    byte[] rest =
        ByteBuffer.allocate(4 + payload.length)
            .putShort((short) identifier)
            .putShort((short) sequence)
            .put(payload)
            .array();
    boolean v6 = address(src).length == 16;
    return icmp(src, dst, v6 ? request ? 128 : 129 : request ? 8 : 0, 0, rest);
  }

  /**
   * An IP packet with an ICMP or ICMPv6 message.
   *
   * @param rest what follows the checksum
   */
  public static byte[] icmp(String src, String dst, int type, int code, byte[] rest) {
    boolean v6 = address(src).length == 16;
    byte[] message =
        ByteBuffer.allocate(4 + rest.length)
            .put((byte) type)
            .put((byte) code)
            .putShort((short) 0)
            .put(rest)
            .array();
    if (v6) {
      return ip(src, dst, 58, sealed(src, dst, 58, message, 2));
    }
    ByteBuffer.wrap(message).putShort(2, checksum(message));
    return ip(src, dst, 1, message);
  }

  /** An IPv4 or IPv6 packet without options or extension headers. */
  public static byte[] ip(String src, String dst, int protocol, byte[] payload) {
    if (address(src).length == 4) {
      return ipv4(src, dst, protocol, 1, 0, new byte[0], payload);
    }
    return ByteBuffer.allocate(IPV6_HEADER_BYTES + payload.length)
        .putInt(6 << 28)
        .putShort((short) payload.length)
        .put((byte) protocol)
        .put((byte) 64)
        .put(address(src))
        .put(address(dst))
        .put(payload)
        .array();
  }

  /**
   * An IPv4 packet.
   *
   * @param flagsAndOffset the 16 bits with the fragment offset in units of 8 bytes
   * @param options a multiple of 4 bytes
   */
  public static byte[] ipv4(
      String src,
      String dst,
      int protocol,
      int identification,
      int flagsAndOffset,
      byte[] options,
      byte[] payload) {
    int headerBytes = IPV4_HEADER_BYTES + options.length;
    byte[] header =
        ByteBuffer.allocate(headerBytes)
            .put((byte) (4 << 4 | headerBytes / 4))
            .put((byte) 0)
            .putShort((short) (headerBytes + payload.length))
            .putShort((short) identification)
            .putShort((short) flagsAndOffset)
            .put((byte) 64)
            .put((byte) protocol)
            .putShort((short) 0)
            .put(address(src))
            .put(address(dst))
            .put(options)
            .array();
    ByteBuffer.wrap(header).putShort(10, checksum(header));
    return concat(header, payload);
  }

  /** The IPv6 packet with an extension header put in front of its payload. */
  public static byte[] extend(byte[] ipv6Packet, int headerType, byte[] header) {
    byte[] extension = header.clone();
    extension[0] = ipv6Packet[6];
    byte[] extended =
        concat(
            Arrays.copyOf(ipv6Packet, IPV6_HEADER_BYTES),
            extension,
            Arrays.copyOfRange(ipv6Packet, IPV6_HEADER_BYTES, ipv6Packet.length));
    extended[6] = (byte) headerType;
    ByteBuffer.wrap(extended).putShort(4, (short) (extended.length - IPV6_HEADER_BYTES));
    return extended;
  }

  /**
   * The fragments of an IPv4 packet without options or an IPv6 packet.
   *
   * @param payloadBytes bytes per fragment, a multiple of 8
   */
  public static List<byte[]> fragments(byte[] ipPacket, int payloadBytes) {
    boolean v4 = (ipPacket[0] & 0xFF) >>> 4 == 4;
    int headerBytes = v4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
    List<byte[]> fragments = new ArrayList<>();
    for (int at = headerBytes; at < ipPacket.length; at += payloadBytes) {
      int end = Math.min(ipPacket.length, at + payloadBytes);
      byte[] header = Arrays.copyOf(ipPacket, headerBytes);
      byte[] piece = Arrays.copyOfRange(ipPacket, at, end);
      int offset = at - headerBytes;
      boolean more = end < ipPacket.length;
      if (v4) {
        ByteBuffer.wrap(header)
            .putShort(2, (short) (headerBytes + piece.length))
            .putShort(6, (short) (offset / 8 | (more ? MORE_FRAGMENTS : 0)))
            .putShort(10, (short) 0);
        ByteBuffer.wrap(header).putShort(10, checksum(header));
        fragments.add(concat(header, piece));
      } else {
        byte[] fragment =
            ByteBuffer.allocate(8).putShort(2, (short) (offset | (more ? 1 : 0))).array();
        fragments.add(extend(concat(header, piece), 44, fragment));
      }
    }
    return fragments;
  }

  /** A frame of exactly this many bytes: UDP over IPv4 if that fits, otherwise any bytes. */
  public static byte[] frameOfLength(int length) {
    int headers = 14 + IPV4_HEADER_BYTES + 8;
    if (length < headers) {
      return bytes(length);
    }
    return ethernet(udp("10.0.0.1", 40000, "10.0.0.2", 40001, bytes(length - headers)));
  }

  /**
   * Frames without end, different in length, tags and protocols; the same seed gives the same ones.
   * Every length at which code is likely to break comes up once in each {@code 2 * 20} frames.
   */
  public static Stream<byte[]> stream(long seed) {
    Random random = new Random(seed);
    return IntStream.iterate(0, i -> i + 1)
        .mapToObj(
            i ->
                i % 2 == 0
                    ? frameOfLength(FRAME_LENGTHS[i / 2 % FRAME_LENGTHS.length])
                    : frame(random));
  }

  /** A frame of a kind, with addresses, ports, tags and a payload that the generator chooses. */
  public static byte[] frame(Random random) {
    byte[] frame = untagged(random);
    int tags = Math.max(0, random.nextInt(5) - 2);
    for (int i = 0; i < tags; i++) {
      frame = tag(frame, i == 0 ? 0x8100 : 0x88A8, random.nextInt(0x10000));
    }
    return random.nextInt(4) == 0 ? padded(frame, 60) : frame;
  }

  private static byte[] untagged(Random random) {
    boolean v6 = random.nextBoolean();
    String src = address(random, v6);
    String dst = address(random, v6);
    int srcPort = random.nextInt(0x10000);
    int dstPort = random.nextInt(0x10000);
    byte[] payload = new byte[random.nextInt(random.nextInt(8) == 0 ? 1400 : 80)];
    random.nextBytes(payload);
    return switch (random.nextInt(8)) {
      case 0, 1, 2 ->
          ethernet(tcp(src, srcPort, dst, dstPort, 1 << random.nextInt(5) | ACK, payload));
      case 3, 4 -> ethernet(udp(src, srcPort, dst, dstPort, payload));
      case 5 -> ethernet(echo(src, dst, random.nextBoolean(), srcPort, dstPort, payload));
      case 6 -> ethernet(0x0806, arp(1, MAC_1, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
      default -> ethernet(0x88B5, payload);
    };
  }

  /** An address of a documentation network (RFC 5737, RFC 3849). */
  public static String address(Random random, boolean v6) {
    return v6
        ? "2001:db8::" + Integer.toHexString(random.nextInt(0x10000))
        : "198.51.100." + random.nextInt(256);
  }

  /** The frame with zeros after it, as Ethernet fills up short ones. */
  public static byte[] padded(byte[] frame, int length) {
    return frame.length >= length ? frame : Arrays.copyOf(frame, length);
  }

  /** This many bytes, each different from its neighbours. */
  public static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 7 + i / 256);
    }
    return bytes;
  }

  public static byte[] concat(byte[]... parts) {
    ByteBuffer whole = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    for (byte[] part : parts) {
      whole.put(part);
    }
    return whole.array();
  }

  /** The bytes of an IP address in text. */
  public static byte[] address(String text) {
    try {
      return InetAddress.getByName(text).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public static byte[] mac(String text) {
    return HexFormat.ofDelimiter(":").parseHex(text);
  }

  /** The internet checksum, RFC 1071. */
  public static short checksum(byte[] bytes) {
    long sum = 0;
    for (int i = 0; i < bytes.length; i++) {
      sum += (bytes[i] & 0xFFL) << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xFFFF) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return (short) ~sum;
  }

  /** The message with its checksum over the pseudo header (RFC 9293, RFC 8200) filled in. */
  private static byte[] sealed(
      String src, String dst, int protocol, byte[] message, int checksumOffset) {
    byte[] covered =
        concat(
            address(src),
            address(dst),
            ByteBuffer.allocate(8).putInt(message.length).putInt(protocol).array(),
            message);
    short checksum = checksum(covered);
    boolean none = checksum == 0 && protocol == 17;
    ByteBuffer.wrap(message).putShort(checksumOffset, none ? (short) 0xFFFF : checksum);
    return message;
  }
}
