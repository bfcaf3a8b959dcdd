package dev.ringtap.filter;

import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.echo;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;

import dev.ringtap.testkit.Packets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Frames for filters to tell apart: what most expressions of pcap-filter(7) ask for is there. */
public final class FilterTraffic {
  private FilterTraffic() {}

  /** Ethernet frames, with and without VLAN tags inside, some of them random. */
  public static List<byte[]> frames(Random random) {
    List<byte[]> plain = new ArrayList<>();
    for (String[] pair :
        new String[][] {
          {"10.0.0.1", "10.0.0.2"}, {"2001:db8::1", "2001:db8::2"}, {"198.51.100.7", "10.0.0.1"}
        }) {
      String a = pair[0];
      String b = pair[1].contains(":") == a.contains(":") ? pair[1] : pair[0];
      plain.add(ethernet(udp(a, 40000, b, 53, bytes(40))));
      plain.add(ethernet(udp(b, 53, a, 40000, bytes(400))));
      plain.add(ethernet(udp(a, 5000, b, 5353, bytes(1000))));
      for (int flags : new int[] {2, 18, 16, 24, 17, 4}) {
        plain.add(ethernet(tcp(a, 40001, b, flags % 4 == 0 ? 80 : 443, flags, bytes(flags))));
      }
      plain.add(ethernet(tcp(a, 22, b, 80, 16, 1, 2, new byte[12], bytes(3))));
      plain.add(ethernet(echo(a, b, true, 1, 1, bytes(56))));
      plain.add(ethernet(echo(a, b, false, 1, 1, bytes(56))));
      plain.add(ethernet(Packets.ip(a, b, 50, bytes(30))));
      if (!a.contains(":")) {
        plain.add(ethernet(Packets.ip(a, "224.0.0.5", 89, bytes(44))));
        plain.add(ethernet(Packets.ip(a, "224.0.0.22", 2, bytes(8))));
        plain.add(ethernet(Packets.icmp(a, b, 3, 1, bytes(32))));
        plain.add(ethernet(Packets.ipv4(a, b, 17, 9, 0, new byte[8], bytes(40))));
      }
      for (byte[] fragment : Packets.fragments(udp(a, 1, b, 53, bytes(500)), 128)) {
        plain.add(ethernet(fragment));
      }
    }
    String everybody = "ff:ff:ff:ff:ff:ff";
    byte[] arp = Packets.arp(1, Packets.MAC_1, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
    plain.add(ethernet(Packets.MAC_1, everybody, 0x0806, arp));
    byte[] toAll = udp("10.0.0.1", 67, "255.255.255.255", 68, bytes(300));
    plain.add(ethernet(Packets.MAC_1, everybody, 0x0800, toAll));
    byte[] toGroup = udp("10.0.0.1", 5353, "224.0.0.251", 5353, bytes(20));
    plain.add(ethernet(Packets.MAC_1, "01:00:5e:00:00:fb", 0x0800, toGroup));
    byte[] toGroup6 = udp("2001:db8::1", 5353, "ff02::fb", 5353, bytes(20));
    plain.add(ethernet(Packets.MAC_1, "33:33:00:00:00:fb", 0x86DD, toGroup6));
    byte[] label = {0x00, 0x3E, (byte) 0x81, 64};
    byte[] inner = udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(9));
    plain.add(ethernet(0x8847, Packets.concat(label, inner)));
    byte[] session = {0x11, 0, 0, 1, 0, 39, 0, 0x21};
    plain.add(ethernet(0x8864, Packets.concat(session, inner)));
    byte[] spanningTree = new byte[46];
    Arrays.fill(spanningTree, 0, 2, (byte) 0x42);
    spanningTree[2] = 3;
    plain.add(ethernet(Packets.MAC_1, "01:80:c2:00:00:00", 38, spanningTree));
    plain.add(ethernet(0x88B5, bytes(46)));

    List<byte[]> all = new ArrayList<>(plain);
    for (byte[] frame : plain) {
      int tpid = frame[12] == 8 ? 0x8100 : 0x88A8;
      all.add(tag(frame, tpid, random.nextInt(8) << 13 | 100));
      all.add(tag(tag(frame, 0x8100, 200), random.nextBoolean() ? 0x8100 : 0x88A8, 100));
    }
    for (int i = 0; i < 10; i++) {
      byte[] frame = plain.get(random.nextInt(plain.size()));
      all.add(tag(frame, 0x8100, 0));
      all.add(tag(frame, 0x8100, 200));
      all.add(tag(tag(tag(frame, 0x8100, 5), 0x8100, 301), 0x8100, 300));
    }
    for (int i = 0; i < 150; i++) {
      all.add(Packets.frame(random));
    }
    return all;
  }
}
