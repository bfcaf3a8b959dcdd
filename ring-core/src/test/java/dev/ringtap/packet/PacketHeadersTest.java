package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.MAC_1;
import static dev.ringtap.testkit.Packets.MAC_2;
import static dev.ringtap.testkit.Packets.PSH;
import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.extend;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.ByteView;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class PacketHeadersTest {
  private static PacketHeaders parse(byte[] packet, int linkType) {
    return new PacketHeaders().parse(MemorySegment.ofArray(packet), 0, packet.length, linkType);
  }

  private static PacketHeaders parse(byte[] frame) {
    return parse(frame, LinkType.ETHERNET);
  }

  @Test
  void readsTcpOverIpv4() {
    PacketHeaders headers =
        parse(ethernet(tcp("10.0.0.1", 49152, "10.0.0.2", 443, PSH | ACK, bytes(11))));
    assertThat(headers.ethSrc()).isEqualTo(MAC_1);
    assertThat(headers.ethDst()).isEqualTo(MAC_2);
    assertThat(headers.etherType()).isEqualTo(EtherType.IPV4);
    assertThat(headers.ipVersion()).isEqualTo(4);
    assertThat(headers.ipSrc()).isEqualTo("10.0.0.1");
    assertThat(headers.ipDst()).isEqualTo("10.0.0.2");
    assertThat(headers.ipProtocol()).isEqualTo(IpProtocol.TCP);
    assertThat(headers.srcPort()).isEqualTo(49152);
    assertThat(headers.dstPort()).isEqualTo(443);
    assertThat(headers.tcpFlags()).isEqualTo(PSH | ACK);
    assertThat(headers.payloadLength()).isEqualTo(11);
    assertThat(headers.payloadOffset()).isEqualTo(14 + 20 + 20);
    assertThat(headers.isFragment()).isFalse();
    assertThat(headers.icmpType()).isEqualTo(-1);
    assertThat(headers.arpOperation()).isEqualTo(-1);
    assertThat(headers.vlanCount()).isZero();
  }

  @Test
  void readsUdpOverIpv6BehindTwoTags() {
    byte[] frame = ethernet(udp("2001:db8::1", 1234, "2001:db8::2", 53, bytes(3)));
    PacketHeaders headers = parse(tag(tag(frame, 0x8100, 0x0064), 0x88A8, 0xF0C8));
    assertThat(headers.vlanCount()).isEqualTo(2);
    assertThat(headers.vlanTag(0)).isEqualTo(0x88A8_F0C8);
    assertThat(headers.vlanTag(1)).isEqualTo(0x8100_0064);
    assertThat(headers.vlanId(0)).isEqualTo(200);
    assertThat(headers.vlanId(1)).isEqualTo(100);
    assertThat(headers.vlanId(2)).isEqualTo(-1);
    assertThat(headers.vlanTag(-1)).isZero();
    assertThat(headers.etherType()).isEqualTo(EtherType.IPV6);
    assertThat(headers.ipSrc()).isEqualTo("2001:db8::1");
    assertThat(headers.dstPort()).isEqualTo(53);
    assertThat(headers.payloadLength()).isEqualTo(3);
    assertThat(headers.payloadOffset()).isEqualTo(14 + 2 * 4 + 40 + 8);
  }

  @Test
  void skipsIpv4OptionsAndEthernetPadding() {
    byte[] udp = ByteBuffer.allocate(8).putInt(5 << 16 | 6).putShort(4, (short) 8).array();
    byte[] packet = Packets.ipv4("10.0.0.1", "10.0.0.2", 17, 1, 0, new byte[8], udp);
    PacketHeaders headers = parse(Packets.padded(ethernet(packet), 60));
    assertThat(headers.srcPort()).isEqualTo(5);
    assertThat(headers.dstPort()).isEqualTo(6);
    assertThat(headers.payloadLength()).isZero();
  }

  @Test
  void takesNoPaddingForAHeader() {
    byte[] packet = Packets.ip("10.0.0.1", "10.0.0.2", 6, bytes(2));
    PacketHeaders headers = parse(Packets.padded(ethernet(packet), 60));
    assertThat(headers.ipProtocol()).isEqualTo(6);
    assertThat(headers.srcPort()).isEqualTo(-1);
    assertThat(headers.tcpFlags()).isEqualTo(-1);
    assertThat(headers.payloadLength()).isEqualTo(-1);
    assertThat(headers.payloadOffset()).isEqualTo(-1);
  }

  @Test
  void walksIpv6ExtensionHeaders() {
    byte[] packet = udp("2001:db8::1", 7, "2001:db8::2", 8, bytes(9));
    byte[] authentication = new byte[24];
    authentication[1] = 4;
    byte[] routing = new byte[24];
    routing[1] = 2;
    packet = extend(packet, IpProtocol.AUTHENTICATION, authentication);
    packet = extend(packet, IpProtocol.DESTINATION_OPTIONS, new byte[8]);
    packet = extend(packet, IpProtocol.FRAGMENT, new byte[8]);
    packet = extend(packet, IpProtocol.ROUTING, routing);
    packet = extend(packet, IpProtocol.HOP_BY_HOP, new byte[8]);
    PacketHeaders headers = parse(packet, LinkType.RAW_IP);
    assertThat(headers.etherType()).isEqualTo(EtherType.IPV6);
    assertThat(headers.ipProtocol()).isEqualTo(IpProtocol.UDP);
    assertThat(headers.isFragment()).as("an atomic fragment is none").isFalse();
    assertThat(headers.srcPort()).isEqualTo(7);
    assertThat(headers.payloadLength()).isEqualTo(9);
  }

  @Test
  void endsTheWalkOverExtensionHeaders() {
    byte[] packet = udp("2001:db8::1", 7, "2001:db8::2", 8, bytes(9));
    for (int i = 0; i < 1000; i++) {
      packet = extend(packet, IpProtocol.DESTINATION_OPTIONS, new byte[8]);
    }
    PacketHeaders headers = parse(packet, LinkType.RAW_IP);
    assertThat(headers.ipProtocol()).isEqualTo(IpProtocol.DESTINATION_OPTIONS);
    assertThat(headers.srcPort()).isEqualTo(-1);
  }

  @Test
  void knowsFragments() {
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      byte[] packet = udp(host + "1", 5000, host + "2", 5001, bytes(100));
      List<byte[]> fragments = Packets.fragments(packet, 48);
      assertThat(fragments).hasSize(3);
      for (int i = 0; i < 3; i++) {
        PacketHeaders headers = parse(ethernet(fragments.get(i)));
        assertThat(headers.isFragment()).isTrue();
        assertThat(headers.fragmentOffset()).isEqualTo(48 * i);
        assertThat(headers.ipProtocol()).isEqualTo(IpProtocol.UDP);
        assertThat(headers.srcPort()).isEqualTo(i == 0 ? 5000 : -1);
        assertThat(headers.payloadLength()).isEqualTo(i == 0 ? 40 : -1);
      }
    }
  }

  @Test
  void readsIcmpAndArp() {
    PacketHeaders headers = parse(ethernet(Packets.echo("::1", "::2", true, 77, 1, bytes(8))));
    assertThat(headers.icmpType()).isEqualTo(128);
    assertThat(headers.icmpCode()).isZero();
    assertThat(headers.icmpEchoIdentifier()).isEqualTo(77);
    headers = parse(ethernet(Packets.icmp("10.0.0.1", "10.0.0.2", 3, 1, bytes(32))));
    assertThat(headers.icmpType()).isEqualTo(3);
    assertThat(headers.icmpCode()).isEqualTo(1);
    assertThat(headers.icmpEchoIdentifier()).isEqualTo(-1);
    headers = parse(ethernet(EtherType.ARP, Packets.arp(2, MAC_1, "10.0.0.1", MAC_2, "10.0.0.2")));
    assertThat(headers.arpOperation()).isEqualTo(2);
    assertThat(headers.ipSrc()).isNull();
  }

  @Test
  void readsTheRestOfTcpsHeader() {
    byte[] packet = tcp("10.0.0.1", 1, "10.0.0.2", 2, PSH | ACK, bytes(5));
    ByteBuffer.wrap(packet).putInt(24, -2).putInt(28, -3).putShort(34, (short) -4);
    packet[8] = (byte) 200;
    PacketHeaders headers = parse(Packets.padded(ethernet(packet), 64));
    assertThat(headers.ttl()).isEqualTo(200);
    assertThat(headers.tcpSequence()).isEqualTo(0xFFFF_FFFEL);
    assertThat(headers.tcpAcknowledgment()).isEqualTo(0xFFFF_FFFDL);
    assertThat(headers.tcpWindow()).isEqualTo(0xFFFC);
    assertThat(headers.payload()).as("without the padding").isEqualTo(bytes(5));
    headers = parse(Arrays.copyOf(ethernet(packet), 14 + 40 + 2));
    assertThat(headers.payloadLength()).isEqualTo(5);
    assertThat(headers.payload()).as("what was captured").isEqualTo(bytes(2));
    headers = parse(ethernet(udp("2001:db8::1", 1, "2001:db8::2", 2, bytes(0))));
    assertThat(headers.ttl()).isEqualTo(64);
    assertThat(headers.tcpSequence()).isEqualTo(-1);
    assertThat(headers.tcpAcknowledgment()).isEqualTo(-1);
    assertThat(headers.tcpWindow()).isEqualTo(-1);
    assertThat(headers.payload()).isEmpty();
    headers = parse(ethernet(Packets.echo("10.0.0.1", "10.0.0.2", true, 1, 1, bytes(8))));
    assertThat(headers.payload()).isNull();
    assertThat(new PacketHeaders().ttl()).isEqualTo(-1);
  }

  @Test
  void readsSctpPorts() {
    byte[] sctp = ByteBuffer.allocate(12).putInt(2905 << 16 | 2906).array();
    PacketHeaders headers = parse(ethernet(Packets.ip("10.0.0.1", "10.0.0.2", 132, sctp)));
    assertThat(headers.srcPort()).isEqualTo(2905);
    assertThat(headers.dstPort()).isEqualTo(2906);
  }

  @Test
  void hasNoEtherTypeWhereAFrameHasALength() {
    assertThat(parse(ethernet(38, bytes(46))).etherType()).isEqualTo(-1);
  }

  @Test
  void readsLinuxCookedHeaders() {
    byte[] udp = udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(3));
    ByteBuffer sll = ByteBuffer.allocate(16 + 4 + udp.length);
    sll.putShort(2, (short) 1).putShort(4, (short) 6).put(6, Packets.mac(MAC_1));
    sll.putInt(14, 0x8100_0064).putShort(18, (short) 0x0800).put(20, udp);
    PacketHeaders headers = parse(sll.array(), LinkType.LINUX_SLL);
    assertThat(headers.ethSrc()).isEqualTo(MAC_1);
    assertThat(headers.ethDst()).isNull();
    assertThat(headers.vlanTag(0)).isEqualTo(0x8100_0064);
    assertThat(headers.dstPort()).isEqualTo(53);

    ByteBuffer sll2 = ByteBuffer.allocate(20 + 4 + udp.length);
    sll2.putShort(0, (short) 0x8100).putShort(8, (short) 1).put(11, (byte) 6);
    sll2.put(12, Packets.mac(MAC_1)).putInt(20, 0x0064_0800).put(24, udp);
    headers = parse(sll2.array(), LinkType.LINUX_SLL2);
    assertThat(headers.ethSrc()).isEqualTo(MAC_1);
    assertThat(headers.vlanTag(0)).isEqualTo(0x8100_0064);
    assertThat(headers.dstPort()).isEqualTo(53);
    sll2.putShort(8, (short) 824);
    assertThat(parse(sll2.array(), LinkType.LINUX_SLL2).etherType()).isEqualTo(-1);
  }

  @Test
  void showsNothingOfAnUnknownLink() {
    PacketHeaders headers = parse(ethernet(udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(3))), 105);
    assertThat(headers.etherType()).isEqualTo(-1);
    assertThat(headers.ethSrc()).isNull();
    assertThat(headers.srcPort()).isEqualTo(-1);
  }

  @Test
  void readsAFrameInItsBlock() {
    byte[] frame = ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(3)));
    try (BlockBuilder builder = new BlockBuilder(4096)) {
      builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, 262144);
      MemorySegment source = MemorySegment.ofArray(frame);
      builder.append(0, frame.length, PacketType.HOST, 0x8100_0064, source, 0, frame.length);
      PacketHeaders headers = new PacketHeaders();
      try (Block block = builder.build(0, 0)) {
        assertThat(headers.parse(block.next()).dstPort()).isEqualTo(53);
        assertThat(headers.vlanCount()).as("the tag lies beside the frame").isZero();
      }
    }
  }

  @Test
  void refusesARangeOutsideTheMemory() {
    PacketHeaders headers = new PacketHeaders();
    MemorySegment memory = MemorySegment.ofArray(new byte[10]);
    assertThatThrownBy(() -> headers.parse(memory, 5, 6, LinkType.ETHERNET))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void writesIpv6AddressesAsRfc5952Says() {
    for (String address :
        List.of(
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "2001:db8:0:1:1:1:1:1",
            "2001:0:0:1::1",
            "2001:db8::1:0:0:1",
            "1:2:3:4:5:6:7:8",
            "fe80::1:2:3:0",
            "::ffff:0:0:0",
            "::1.2.3.4")) {
      byte[] bytes =
          address.equals("::1.2.3.4")
              ? ByteBuffer.allocate(16).putInt(12, 0x01020304).array()
              : Packets.address(address);
      assertThat(ipv6(bytes)).isEqualTo(address);
    }
    byte[] mapped = ByteBuffer.allocate(16).putInt(8, 0xFFFF).putInt(12, 0x0A000001).array();
    assertThat(ipv6(mapped)).isEqualTo("::ffff:10.0.0.1");
  }

  private static String ipv6(byte[] address) {
    StringBuilder out = new StringBuilder();
    NetworkBytes.appendIpv6(out, new ByteView().show(MemorySegment.ofArray(address), 0, 16), 0);
    return out.toString();
  }
}
