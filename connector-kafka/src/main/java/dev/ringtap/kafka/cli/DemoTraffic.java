package dev.ringtap.kafka.cli;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;

/**
 * Made-up office traffic, frame by frame: name look-ups on VLAN 100, web on VLAN 200, a customer's
 * QinQ, voice with priority, pings, IPv6 and ARP without a tag. The same frames in every run. Not
 * thread-safe.
 */
final class DemoTraffic {
  private static final int VLAN = 0x8100;
  private static final int QINQ = 0x88A8;
  private static final int IPV4 = 0x0800;
  private static final int ARP = 0x0806;
  private static final int IPV6 = 0x86DD;
  private static final int ICMP = 1;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int VOICE_PRIORITY = 5 << 13;
  private static final int SHORTEST_FRAME = 60;
  private static final int LONGEST_FRAME = 1522;

  private final Random random = new Random(2026);
  private final ByteBuffer frame = ByteBuffer.allocate(LONGEST_FRAME);

  /** The next frame, without checksum trailer. */
  byte[] next() {
    frame.clear();
    int host = 1 + random.nextInt(40);
    put("0200000000").put((byte) host).position(6);
    put("0200000000").put((byte) 254);
    int kind = random.nextInt(100);
    if (kind < 25) {
      tag(VLAN, 100);
      ipv4(UDP, host, 49_152 + host, 53, 30 + random.nextInt(60));
    } else if (kind < 65) {
      tag(VLAN, 200);
      ipv4(TCP, host, 49_152 + host, 443, random.nextInt(3) == 0 ? 0 : 1400);
    } else if (kind < 75) {
      tag(VLAN, 300 | VOICE_PRIORITY);
      ipv4(UDP, host, 16_384 + 2 * host, 16_384, 172);
    } else if (kind < 85) {
      tag(QINQ, 1000);
      tag(VLAN, 10 + host % 3);
      ipv4(TCP, host, 50_000 + host, 8883, 80 + random.nextInt(400));
    } else if (kind < 92) {
      ipv4(ICMP, host, 0x0800, 0, 56);
    } else if (kind < 97) {
      ipv6(host, 200 + random.nextInt(800));
    } else {
      arp(host);
    }
    byte[] whole = new byte[Math.max(SHORTEST_FRAME, frame.position())];
    frame.get(0, whole, 0, frame.position());
    return whole;
  }

  private ByteBuffer put(String hex) {
    return frame.put(HexFormat.of().parseHex(hex));
  }

  private void tag(int tpid, int tci) {
    frame.putShort((short) tpid).putShort((short) tci);
  }

  private void ipv4(int protocol, int host, int sourcePort, int destinationPort, int bytes) {
    int header = protocol == TCP ? 20 : 8;
    frame.putShort((short) IPV4);
    int ip = frame.position();
    frame.putShort((short) 0x4500).putShort((short) (20 + header + bytes));
    frame.putInt(0x00004000).put((byte) 64).put((byte) protocol).putShort((short) 0);
    frame.putInt(0x0A000000 | host).putInt(0x0A0000FE);
    frame.putShort(ip + 10, checksum(ip, 20));
    transport(protocol, sourcePort, destinationPort, header, bytes);
  }

  private void ipv6(int host, int bytes) {
    frame.putShort((short) IPV6).putInt(0x60000000);
    frame.putShort((short) (8 + bytes)).put((byte) UDP).put((byte) 64);
    frame.putLong(0x20010DB8_00000000L).putLong(host);
    frame.putLong(0x20010DB8_00000000L).putLong(254);
    transport(UDP, 40_000 + host, 443, 8, bytes);
  }

  private void transport(int protocol, int source, int destination, int header, int bytes) {
    frame.putShort((short) source).putShort((short) destination);
    if (protocol == TCP) {
      frame.putInt(random.nextInt()).putInt(random.nextInt());
      frame.putShort((short) (bytes == 0 ? 0x5010 : 0x5018)).putShort((short) 64_240).putInt(0);
    } else {
      frame.putShort((short) (header + bytes)).putShort((short) 0);
    }
    byte[] data = new byte[bytes];
    random.nextBytes(data);
    frame.put(data);
  }

  private void arp(int host) {
    frame.putShort((short) ARP);
    put("0001080006040001");
    put("0200000000").put((byte) 254).putInt(0x0A0000FE);
    put("000000000000").putInt(0x0A000000 | host);
  }

  private short checksum(int from, int length) {
    int sum = 0;
    for (int at = from; at < from + length; at += 2) {
      sum += Short.toUnsignedInt(frame.getShort(at));
    }
    sum = (sum >>> 16) + (sum & 0xFFFF);
    return (short) ~(sum + (sum >>> 16));
  }
}
