package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class PacketLineTest {
  private static final long TIME =
      Instant.parse("2026-01-02T03:04:05Z").getEpochSecond() * 1_000_000_000L + 123_456_789;
  private static final String FRONT = "2026-01-02 03:04:05.123456789 eth0 In  ";
  private static final String MACS = "02:00:00:00:00:01 > 02:00:00:00:00:02, ";

  private final PacketLine packetLine = new PacketLine();

  private String line(byte[] packet, int originalLength, int linkType) {
    MemorySegment memory = MemorySegment.ofArray(packet);
    return packetLine.format(
        TIME, "eth0", PacketType.HOST, originalLength, linkType, memory, 0, packet.length);
  }

  private String line(byte[] frame) {
    return line(frame, frame.length, LinkType.ETHERNET);
  }

  @Test
  void writesUdp() {
    assertThat(line(ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(56)))))
        .isEqualTo(
            FRONT
                + MACS
                + "ethertype IPv4 (0x0800), length 98: 10.0.0.1.1234 > 10.0.0.2.53: UDP, length 56");
  }

  @Test
  void writesTcpBehindATag() {
    byte[] tcp = tcp("::1", 80, "::2", 8080, 18, -1, 7, HostileFrames.TCP_OPTIONS, bytes(3));
    assertThat(line(tag(ethernet(tcp), 0x8100, 0x7064)))
        .isEqualTo(
            FRONT
                + MACS
                + "ethertype 802.1Q (0x8100), length 113: vlan 100, p 3, DEI, ethertype IPv6 (0x86dd),"
                + " ::1.80 > ::2.8080: Flags [S.], seq 4294967295:2, ack 7, win 64240, options"
                + " [mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7,nop,nop,sack 1 {100:3200}],"
                + " length 3");
  }

  @Test
  void writesArp() {
    byte[] arp = Packets.arp(1, Packets.MAC_1, "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
    assertThat(line(ethernet(EtherType.ARP, arp)))
        .isEqualTo(
            FRONT
                + MACS
                + "ethertype ARP (0x0806), length 42: Request who-has 10.0.0.2 tell 10.0.0.1,"
                + " length 28");
  }

  @Test
  void writesOneLineOfWhatItDoesNotKnow() {
    assertThat(line(ethernet(0x88B5, bytes(46))))
        .isEqualTo(FRONT + MACS + "ethertype Unknown (0x88b5), length 60:");
    assertThat(line(ethernet(38, bytes(46))))
        .isEqualTo(FRONT + MACS + "802.3, length 38: LLC, dsap 0x00, ssap 0x07, ctrl 0x0e");
    assertThat(line(bytes(60), 60, 105)).isEqualTo(FRONT + "link type 105, length 60");
  }

  @Test
  void namesTheLayerThatIsCutOff() {
    byte[] frame = ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(56)));
    assertThat(line(Arrays.copyOf(frame, 30), frame.length, LinkType.ETHERNET))
        .isEqualTo(FRONT + MACS + "ethertype IPv4 (0x0800), length 98:  [|ip]");
    assertThat(line(bytes(13))).isEqualTo(FRONT + " [|ether]");
    assertThat(line(bytes(0))).isEqualTo(FRONT + "[Invalid header: caplen==0, len==0]");
    assertThat(line(bytes(9), 8, LinkType.ETHERNET))
        .isEqualTo(FRONT + "[Invalid header: len(8) < caplen(9)]");
  }

  @Test
  void showsTheTimeInItsZone() {
    byte[] packet = bytes(1);
    PacketLine tokyo = new PacketLine(ZoneId.of("Asia/Tokyo"));
    MemorySegment memory = MemorySegment.ofArray(packet);
    assertThat(tokyo.format(TIME, "lo", PacketType.OUTGOING, 1, 1, memory, 0, 1))
        .startsWith("2026-01-02 12:04:05.123456789 lo Out ");
    assertThat(packetLine.format(-1, "lo", PacketType.MULTICAST, 1, 1, memory, 0, 1))
        .startsWith("1969-12-31 23:59:59.999999999 lo M   ");
    for (long extreme : new long[] {Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertThat(packetLine.format(extreme, "lo", PacketType.HOST, 1, 1, memory, 0, 1)).isNotNull();
    }
  }

  @Test
  void letsNoInterfaceNameControlTheTerminal() {
    String name = "e\u001b[31m\r\n\u009b\u202e\ud800 \u00e9\u200b0";
    MemorySegment memory = MemorySegment.ofArray(bytes(1));
    assertThat(packetLine.format(0, name, PacketType.BROADCAST, 1, 1, memory, 0, 1))
        .isEqualTo("1970-01-01 00:00:00.000000000 e?[31m??????\u00e9?0 B    [|ether]");
  }

  @Test
  void refusesARangeOutsideTheMemory() {
    MemorySegment memory = MemorySegment.ofArray(bytes(10));
    assertThatThrownBy(() -> packetLine.format(0, "lo", PacketType.HOST, 6, 1, memory, 5, 6))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void bringsPacketsOfNothingButHeadersToAnEnd() {
    byte[] packet = udp("::1", 1, "::2", 2, bytes(4));
    for (int i = 0; i < 500; i++) {
      packet = Packets.extend(packet, IpProtocol.DESTINATION_OPTIONS, new byte[8]);
    }
    assertThat(line(packet, packet.length, LinkType.RAW_IP)).endsWith("UDP, length 4");
    packet = udp("::1", 1, "::2", 2, bytes(4));
    for (int i = 0; i < 500; i++) {
      packet = Packets.ip("::1", "::2", IpProtocol.IPV6, packet);
    }
    assertThat(line(packet, packet.length, LinkType.RAW_IP)).contains("ip-proto-41");
  }
}
