package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lines equal those of the installed tcpdump. */
@Timeout(60)
class PacketLineIT {
  /** What {@link PacketLine} says in other words or not at all, as its Javadoc tells. */
  private static final List<String> DIFFERS_ON_PURPOSE =
      List.of(
          "802.3", "RT6", ": sctp", "listener report", "IGMP", "EGP", "mobility", "ha discovery");

  @TempDir private Path directory;

  /** A packet of which {@code bytes} were captured. */
  record Captured(byte[] bytes, int originalLength) {}

  @BeforeAll
  static void needsTcpdump() {
    Requirements.programs("tcpdump");
  }

  @Test
  void taggedAndUntaggedFramesReadAsInTcpdump() throws Exception {
    List<byte[]> frames = new ArrayList<>();
    for (byte[] frame : plainFrames()) {
      frames.add(frame);
      frames.add(tag(frame, 0x8100, 100));
      frames.add(tag(frame, 0x8100, 0x7064));
      frames.add(tag(tag(frame, 0x8100, 100), 0x88A8, 200));
      frames.add(tag(tag(tag(frame, 0x8100, 1), 0x8100, 2), 0x9100, 0xFFFF));
      frames.add(Packets.padded(frame, 60));
    }
    compare(LinkType.ETHERNET, frames.stream().map(f -> new Captured(f, f.length)).toList());
  }

  @Test
  void fragmentsReadAsInTcpdump() throws Exception {
    List<Captured> packets = new ArrayList<>();
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      for (byte[] fragment :
          Packets.fragments(udp(host + 1, 5555, host + 2, 5556, bytes(300)), 128)) {
        byte[] frame = ethernet(fragment);
        packets.add(new Captured(frame, frame.length));
      }
    }
    compare(LinkType.ETHERNET, packets);
  }

  @Test
  void framesCutAtAnyByteReadAsInTcpdump() throws Exception {
    List<Captured> packets = new ArrayList<>();
    List<byte[]> frames = new ArrayList<>(plainFrames());
    frames.addAll(HostileFrames.shapes());
    for (byte[] frame : frames) {
      for (int length = 1; length < frame.length; length++) {
        packets.add(new Captured(Arrays.copyOf(frame, length), frame.length));
      }
    }
    compare(LinkType.ETHERNET, packets);
  }

  @Test
  void brokenHeadersReadAsInTcpdump() throws Exception {
    List<Captured> packets = new ArrayList<>();
    for (byte[] frame : plainFrames()) {
      for (int at = 14; at < Math.min(frame.length, 58); at += 1 + frame.length % 3) {
        byte[] broken = frame.clone();
        broken[at] ^= (byte) (1 << (at + frame.length) % 8);
        packets.add(new Captured(broken, frame.length));
      }
    }
    compare(LinkType.ETHERNET, packets);
  }

  @Test
  void rawIpReadsAsInTcpdump() throws Exception {
    List<Captured> packets = new ArrayList<>();
    for (byte[] frame : plainFrames()) {
      if (frame[12] != 8 || frame[13] == 0) {
        byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
        packets.add(new Captured(packet, packet.length));
      }
    }
    compare(LinkType.RAW_IP, packets);
  }

  @Test
  void linuxCookedCapturesReadAsInTcpdump() throws Exception {
    List<Captured> sll = new ArrayList<>();
    List<Captured> sll2 = new ArrayList<>();
    for (byte[] frame : plainFrames()) {
      for (byte[] tagged : List.of(frame, tag(frame, 0x8100, 0x7064))) {
        byte[] type = Arrays.copyOfRange(tagged, 12, 14);
        byte[] body = Arrays.copyOfRange(tagged, 14, tagged.length);
        byte[] mac = Packets.mac(Packets.MAC_1);
        byte[] first = {0, 0, 0, 1, 0, 6};
        byte[] packet = Packets.concat(first, mac, new byte[2], type, body);
        sll.add(new Captured(packet, packet.length));
        byte[] middle = {0, 0, 0, 0, 0, 99, 0, 1, 0, 6};
        packet = Packets.concat(type, middle, mac, new byte[2], body);
        sll2.add(new Captured(packet, packet.length));
      }
    }
    compare(LinkType.LINUX_SLL, sll);
    compare(LinkType.LINUX_SLL2, sll2);
  }

  private static List<byte[]> plainFrames() {
    List<byte[]> frames = new ArrayList<>();
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      String a = host + 1;
      String b = host + 2;
      for (int flags = 0; flags < 256; flags += 3) {
        frames.add(ethernet(tcp(a, 40000, b, 40001, flags, bytes(flags % 5))));
      }
      byte[] options = HostileFrames.TCP_OPTIONS;
      frames.add(ethernet(tcp(a, 40000, b, 40001, 2, -1, 0, options, bytes(0))));
      frames.add(ethernet(tcp(a, 40000, b, 40001, 24, -5, -6, options, bytes(9))));
      frames.add(ethernet(udp(a, 40000, b, 40001, bytes(0))));
      frames.add(ethernet(udp(a, 40000, b, 40001, bytes(56))));
      frames.add(ethernet(Packets.echo(a, b, true, 7, 1, bytes(56))));
      frames.add(ethernet(Packets.echo(a, b, false, 7, 65535, bytes(56))));
      frames.add(ethernet(Packets.ip(a, b, 59, bytes(0))));
      frames.add(ethernet(Packets.ip(a, b, 200, bytes(20))));
      frames.add(ethernet(Packets.ip(a, b, 50, bytes(20))));
    }
    byte[] udp = udp("::1", 40000, "::ffff:0:0:0", 40001, bytes(1));
    frames.add(ethernet(udp));
    byte[] authentication = {0, 2, 0, 0, 1, 2, 3, 4, 0, 0, 0, 5, -1, -2, -3, -4};
    byte[] extended = Packets.extend(udp, IpProtocol.AUTHENTICATION, authentication);
    extended = Packets.extend(extended, IpProtocol.DESTINATION_OPTIONS, new byte[8]);
    frames.add(ethernet(Packets.extend(extended, IpProtocol.HOP_BY_HOP, new byte[8])));
    for (int operation = 1; operation < 12; operation++) {
      byte[] arp =
          Packets.arp(operation, Packets.MAC_1, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
      frames.add(ethernet(Packets.MAC_1, "ff:ff:ff:ff:ff:ff", EtherType.ARP, arp));
      frames.add(ethernet(EtherType.ARP, arp));
    }
    for (int code = 0; code < 18; code++) {
      byte[] about = udp("10.0.0.3", 40000, "10.0.0.4", 40001, bytes(3));
      byte[] rest = Packets.concat(new byte[] {0, 0, 5, (byte) 220}, about);
      for (int type : new int[] {3, 4, 5, 11, 12}) {
        frames.add(ethernet(Packets.icmp("10.0.0.1", "10.0.0.2", type, code, rest)));
      }
    }
    for (int code = 0; code < 5; code++) {
      byte[] about = udp("fe80::3", 40000, "fe80::4", 40001, bytes(3));
      byte[] rest = Packets.concat(new byte[] {0, 0, 5, (byte) 220}, about);
      for (int type : new int[] {1, 2, 3, 4, 133, 134, 135, 136, 137, 143}) {
        frames.add(ethernet(Packets.icmp("fe80::1", "fe80::2", type, code, rest)));
      }
    }
    frames.add(ethernet(0x88B5, bytes(46)));
    return frames;
  }

  private void compare(int linkType, List<Captured> packets) throws Exception {
    List<String> expected = tcpdump(linkType, packets);
    assertThat(expected).hasSameSizeAs(packets);
    int compared = 0;
    for (int i = 0; i < packets.size(); i++) {
      String theirs = expected.get(i);
      if (DIFFERS_ON_PURPOSE.stream().noneMatch(theirs::contains)) {
        assertThat(line(linkType, packets.get(i))).isEqualTo(theirs);
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(packets.size() * 95 / 100);
  }

  /** Without time, interface and direction. */
  private static String line(int linkType, Captured packet) {
    byte[] bytes = packet.bytes();
    String line =
        new PacketLine()
            .format(
                0,
                "i",
                PacketType.HOST,
                packet.originalLength(),
                linkType,
                MemorySegment.ofArray(bytes),
                0,
                bytes.length);
    return line.substring(Math.min(line.length(), "1970-01-01 00:00:00.000000000 i In  ".length()));
  }

  /** The first line of each packet: those that follow begin with a tab. */
  private List<String> tcpdump(int linkType, List<Captured> packets) throws Exception {
    Path capture = directory.resolve("capture.pcap");
    Path printed = directory.resolve("printed.txt");
    Files.write(capture, pcap(linkType, packets));
    Process tcpdump =
        new ProcessBuilder("tcpdump", "-e", "-n", "-t", "-S", "-r", "-")
            .redirectInput(capture.toFile())
            .redirectOutput(printed.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(tcpdump.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(tcpdump.exitValue()).isZero();
    try (var lines = Files.lines(printed, StandardCharsets.ISO_8859_1)) {
      return lines.filter(l -> !l.startsWith("\t")).map(PacketLineIT::comparable).toList();
    }
  }

  /**
   * Without tcpdump's stray bracket after TCP options that are cut off, and without direction and
   * interface of cooked captures, which stand in front of our lines.
   */
  private static String comparable(String line) {
    return line.replace("[|tcp]>", "[|tcp]")
        .replaceFirst("^ In ", "")
        .replaceFirst("^.{1,16} In  ifindex", "ifindex")
        .stripTrailing();
  }

  static byte[] pcap(int linkType, List<Captured> packets) {
    ByteBuffer file =
        ByteBuffer.allocate(24 + packets.stream().mapToInt(p -> 16 + p.bytes().length).sum());
    file.putInt(0xA1B2C3D4).putShort((short) 2).putShort((short) 4).putInt(0).putInt(0);
    file.putInt(262144).putInt(linkType);
    for (Captured packet : packets) {
      file.putInt(0).putInt(0).putInt(packet.bytes().length).putInt(packet.originalLength());
      file.put(packet.bytes());
    }
    return file.array();
  }
}
