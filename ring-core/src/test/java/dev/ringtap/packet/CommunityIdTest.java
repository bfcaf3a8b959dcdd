package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.icmp;
import static dev.ringtap.testkit.Packets.ip;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.LinkType;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The specification's own examples: {@code baseline/baseline_deflt.json} and {@code
 * baseline_seed1.json} of github.com/corelight/community-id-spec.
 */
@Timeout(10)
class CommunityIdTest {
  private static String id(byte[] frame) {
    return id(new CommunityId(), frame);
  }

  private static String id(CommunityId ids, byte[] frame) {
    MemorySegment memory = MemorySegment.ofArray(frame);
    return ids.of(new PacketHeaders().parse(memory, 0, frame.length, LinkType.ETHERNET));
  }

  private static byte[] sctp(String src, int srcPort, String dst, int dstPort) {
    byte[] header = new byte[12];
    header[1] = (byte) srcPort;
    header[3] = (byte) dstPort;
    return ip(src, dst, IpProtocol.SCTP, header);
  }

  @Test
  void equalsTheSpecificationsExamples() {
    String a = "128.232.110.120";
    String b = "66.35.250.204";
    for (byte[] packet :
        List.of(tcp(a, 34855, b, 80, ACK, bytes(3)), tcp(b, 80, a, 34855, ACK, bytes(0)))) {
      assertThat(id(ethernet(packet))).isEqualTo("1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
      assertThat(id(tag(ethernet(packet), 0x8100, 7))).isEqualTo("1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    }
    String v6 = "2001:470:e5bf:dead:4957:2174:e82c:4887";
    String mail = "2607:f8b0:400c:c03::1a";
    assertThat(id(ethernet(tcp(v6, 63943, mail, 25, ACK, bytes(0)))))
        .isEqualTo(id(ethernet(tcp(mail, 25, v6, 63943, ACK, bytes(0)))))
        .isEqualTo("1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=");
    assertThat(id(ethernet(udp("8.8.8.8", 53, "192.168.1.52", 54585, bytes(9)))))
        .isEqualTo("1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
    assertThat(id(ethernet(sctp("192.168.170.8", 7, "192.168.170.56", 7))))
        .isEqualTo("1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=");
    assertThat(id(ethernet(ip("10.1.12.2", "10.1.12.1", 46, bytes(8)))))
        .isEqualTo("1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=");
  }

  @Test
  void mapsIcmpTypesAsTheSpecificationDoes() {
    String a = "192.168.0.89";
    String b = "192.168.0.1";
    assertThat(id(ethernet(icmp(a, b, 8, 0, bytes(4)))))
        .isEqualTo(id(ethernet(icmp(b, a, 0, 0, bytes(4)))))
        .isEqualTo("1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
    assertThat(id(ethernet(icmp("10.0.0.1", "10.0.0.2", 11, 0, bytes(4)))))
        .isEqualTo("1:YHxtAirCG//0OzkcVAukqKQN9xM=")
        .isNotEqualTo(id(ethernet(icmp("10.0.0.2", "10.0.0.1", 11, 0, bytes(4)))));
    String c = "fe80::200:86ff:fe05:80da";
    String d = "fe80::260:97ff:fe07:69ea";
    assertThat(id(ethernet(icmp(c, d, 135, 0, bytes(20)))))
        .isEqualTo(id(ethernet(icmp(d, c, 136, 0, bytes(20)))))
        .isEqualTo("1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
    assertThat(id(ethernet(icmp(d, c, 135, 0, bytes(20)))))
        .isEqualTo("1:zavyT/cezQr1fmImYCwYnMXbgck=");
    assertThat(
            id(
                ethernet(
                    icmp(
                        "3ffe:501:1800:2345::2",
                        "3ffe:507:0:1:200:86ff:fe05:80da",
                        3,
                        0,
                        bytes(4)))))
        .isEqualTo("1:2ObVBgIn28oZvibYZhZMBgh7WdQ=");
  }

  @Test
  void anotherSeedGivesOtherIds() {
    byte[] frame = ethernet(tcp("128.232.110.120", 34855, "66.35.250.204", 80, ACK, bytes(0)));
    assertThat(id(new CommunityId(1), frame)).isEqualTo("1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
    assertThatThrownBy(() -> new CommunityId(0x10000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Community ID seed 65536; expected 0 to 65535");
  }

  @Test
  void packetsWithoutPortsHaveNone() {
    byte[] frame = ethernet(tcp("10.0.0.1", 1, "10.0.0.2", 2, ACK, bytes(0)));
    for (int length = 0; length < 14 + 20 + 4; length++) {
      assertThat(id(Arrays.copyOf(frame, length))).as("%s bytes", length).isNull();
    }
    assertThat(id(Arrays.copyOf(frame, 14 + 20 + 4))).isEqualTo(id(frame));
    assertThat(id(ethernet(EtherType.ARP, bytes(28)))).isNull();
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      List<byte[]> fragments =
          Packets.fragments(udp(host + 1, 5555, host + 2, 5556, bytes(100)), 64);
      assertThat(id(ethernet(fragments.get(0))))
          .isEqualTo(id(ethernet(udp(host + 1, 5555, host + 2, 5556, bytes(1)))));
      assertThat(id(ethernet(fragments.get(1)))).isNull();
    }
  }
}
