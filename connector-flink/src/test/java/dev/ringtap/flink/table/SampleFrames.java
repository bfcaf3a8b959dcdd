package dev.ringtap.flink.table;

import dev.ringtap.testkit.Packets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Frames of every kind that predicates tell apart, and some that are hard to tell. */
final class SampleFrames {
  private static final int SHORTEST = 20;

  private SampleFrames() {}

  /** Frames without IPv6 extension headers, which the kernel decides on exactly. */
  static List<byte[]> decidable() {
    List<byte[]> frames = new ArrayList<>();
    String[] v4 = {"10.1.2.3", "10.1.9.9", "10.2.0.1", "192.168.0.1"};
    int[] ports = {53, 5353, 443, 80, 1024};
    for (int i = 0; i < 40; i++) {
      String src = v4[i % v4.length];
      String dst = v4[(i / 4 + 1) % v4.length];
      int port = ports[i % ports.length];
      byte[] udp = Packets.ethernet(Packets.udp(src, 40_000 + i, dst, port, Packets.bytes(i)));
      byte[] tcp =
          Packets.ethernet(
              Packets.tcp(src, 50_000 + i, dst, port, 1 << i % 6, Packets.bytes(i % 9)));
      frames.add(udp);
      frames.add(tcp);
      frames.add(Packets.tag(udp, 0x8100, (i % 8) << 13 | (i % 2) << 12 | 100 + i % 3));
      frames.add(Packets.tag(Packets.tag(tcp, 0x8100, 10 + i % 3), 0x88A8, 1000 + i % 2));
    }
    frames.add(
        Packets.ethernet(Packets.udp("2001:db8::1", 1000, "2001:db8::2", 53, Packets.bytes(30))));
    frames.add(
        Packets.tag(
            Packets.ethernet(
                Packets.tcp("2001:db8:1::1", 1000, "2001:db8::2", 443, 2, Packets.bytes(30))),
            0x8100,
            100));
    frames.add(Packets.ethernet(Packets.echo("10.1.2.3", "10.2.0.1", true, 1, 2, new byte[8])));
    frames.add(
        Packets.ethernet(Packets.echo("2001:db8::1", "2001:db8::2", false, 1, 2, new byte[8])));
    frames.add(Packets.ethernet(Packets.icmp("10.1.2.3", "10.2.0.1", 3, 1, new byte[32])));
    byte[] distant = Packets.udp("10.1.2.3", 7, "10.2.0.1", 53, new byte[9]);
    distant[8] = 7;
    frames.add(Packets.ethernet(distant));
    byte[] reply =
        Packets.ethernet(
            0x0806, Packets.arp(2, Packets.MAC_2, "10.2.0.1", Packets.MAC_1, "10.1.2.3"));
    frames.add(reply);
    frames.add(Arrays.copyOf(reply, SHORTEST + 1));
    frames.add(
        Packets.ethernet(
            0x0806, Packets.arp(1, Packets.MAC_1, "10.1.2.3", Packets.MAC_2, "10.2.0.1")));
    frames.add(Packets.ethernet("02:00:00:00:00:07", "ff:ff:ff:ff:ff:ff", 0x88B5, new byte[46]));
    frames.add(Packets.ethernet("02:00:00:00:00:07", "01:00:5e:00:00:fb", 0x0020, new byte[46]));
    byte[] options = {1, 1, 1, 0};
    byte[] datagram =
        Arrays.copyOfRange(Packets.udp("10.1.2.3", 7, "10.2.0.1", 53, new byte[9]), 20, 37);
    frames.add(Packets.ethernet(Packets.ipv4("10.1.2.3", "10.2.0.1", 17, 9, 0, options, datagram)));
    for (byte[] fragment :
        Packets.fragments(Packets.udp("10.1.2.3", 7, "10.2.0.1", 53, new byte[99]), 40)) {
      frames.add(Packets.ethernet(fragment));
    }
    byte[] whole = Packets.ethernet(Packets.tcp("10.1.2.3", 9, "10.2.0.1", 443, 2, new byte[0]));
    for (int length = SHORTEST; length < whole.length; length++) {
      frames.add(Arrays.copyOf(whole, length));
    }
    byte[] deep = whole;
    for (int i = 0; i < 10; i++) {
      deep = Packets.tag(deep, 0x8100, 200 + i);
      frames.add(deep);
    }
    return frames;
  }

  /** Frames with IPv6 extension headers and fragments. */
  static List<byte[]> undecidable() {
    byte[] udp = Packets.udp("2001:db8::1", 1000, "2001:db8::2", 53, new byte[60]);
    List<byte[]> frames = new ArrayList<>();
    frames.add(Packets.ethernet(Packets.extend(udp, 0, new byte[8])));
    frames.add(
        Packets.ethernet(Packets.extend(Packets.extend(udp, 60, new byte[8]), 0, new byte[8])));
    for (byte[] fragment : Packets.fragments(udp, 24)) {
      frames.add(Packets.ethernet(fragment));
    }
    return frames;
  }

  /** All kinds, and made-up ones. */
  static List<byte[]> all(int random) {
    List<byte[]> frames = new ArrayList<>(decidable());
    frames.addAll(undecidable());
    Random generator = new Random(5);
    for (int i = 0; i < random; i++) {
      byte[] frame = Packets.frame(generator);
      if (generator.nextInt(4) == 0) {
        frame[12 + generator.nextInt(Math.min(30, frame.length - 12))] =
            (byte) generator.nextInt(256);
      }
      frames.add(
          generator.nextInt(6) == 0
              ? Arrays.copyOf(frame, Math.max(SHORTEST, frame.length / 2))
              : frame);
    }
    return frames;
  }
}
