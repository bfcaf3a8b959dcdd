package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.extend;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.udp;

import dev.ringtap.testkit.Packets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Frames to be cut and broken: one of each shape that the code of this package tells apart. */
public final class HostileFrames {
  /** mss 1460, sackOK, TS, nop, wscale 7, and a SACK block. */
  static final byte[] TCP_OPTIONS =
      HexFormat.of().parseHex("020405b40402080a0000000100000002010303070101050a0000006400000c80");

  private HostileFrames() {}

  public static List<byte[]> shapes() {
    List<byte[]> shapes = new ArrayList<>();
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      String a = host + 1;
      String b = host + 2;
      shapes.add(ethernet(Packets.tcp(a, 1, b, 2, 2, 3, 4, TCP_OPTIONS, bytes(9))));
      shapes.add(tag(tag(ethernet(udp(a, 1, b, 2, bytes(5))), 0x8100, 1), 0x88A8, 2));
      shapes.add(ethernet(Packets.echo(a, b, true, 1, 2, bytes(6))));
      shapes.add(ethernet(Packets.ip(a, b, 132, bytes(20))));
      shapes.add(ethernet(Packets.ip(a, b, 50, bytes(20))));
      shapes.add(ethernet(Packets.ip(a, b, 4, udp("10.0.0.3", 1, "10.0.0.4", 2, bytes(3)))));
      shapes.add(ethernet(Packets.ip(a, b, 41, udp("::3", 1, "::4", 2, bytes(3)))));
      Packets.fragments(udp(a, 1, b, 2, bytes(60)), 24).forEach(f -> shapes.add(ethernet(f)));
    }
    for (int type : new int[] {3, 4, 5, 11, 12, 13}) {
      byte[] rest = Packets.concat(new byte[4], udp("10.0.0.3", 1, "10.0.0.4", 2, bytes(3)));
      shapes.add(ethernet(Packets.icmp("10.0.0.1", "10.0.0.2", type, 3, rest)));
    }
    for (int type : new int[] {1, 2, 3, 4, 130, 131, 133, 134, 135, 136, 137, 143}) {
      byte[] rest = Packets.concat(new byte[4], udp("::3", 1, "::4", 2, bytes(3)));
      shapes.add(ethernet(Packets.icmp("::1", "::2", type, 4, rest)));
    }
    byte[] extended = udp("::1", 1, "::2", 2, bytes(4));
    extended = extend(extended, IpProtocol.AUTHENTICATION, new byte[8]);
    extended = extend(extended, IpProtocol.DESTINATION_OPTIONS, new byte[8]);
    extended = extend(extended, IpProtocol.ROUTING, new byte[8]);
    shapes.add(ethernet(extend(extended, IpProtocol.HOP_BY_HOP, new byte[8])));
    byte[] arp = Packets.arp(1, Packets.MAC_1, "10.0.0.1", Packets.MAC_2, "10.0.0.2");
    shapes.add(tag(ethernet(EtherType.ARP, arp), 0x9100, 7));
    shapes.add(ethernet(38, bytes(46)));
    shapes.add(ethernet(0x88B5, bytes(46)));
    return shapes;
  }
}
