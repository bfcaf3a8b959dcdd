package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.MAC_1;
import static dev.ringtap.testkit.Packets.MAC_2;
import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.echo;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class FlowKeyTest {
  private final Random random = new Random(20260102);

  private static long key(byte[] frame) {
    return key(frame, LinkType.ETHERNET);
  }

  private static long key(byte[] packet, int linkType) {
    MemorySegment memory = MemorySegment.ofArray(packet);
    return FlowKey.of(new PacketHeaders().parse(memory, 0, packet.length, linkType));
  }

  @Test
  void isTheSameInBothDirections() {
    Set<Long> keys = new HashSet<>();
    for (int i = 0; i < 2000; i++) {
      boolean v6 = random.nextBoolean();
      String a = Packets.address(random, v6);
      String b = Packets.address(random, v6);
      int p = random.nextInt(0x10000);
      int q = random.nextInt(0x10000);
      byte[] payload = bytes(random.nextInt(40));
      boolean tcp = random.nextBoolean();
      byte[] there = ethernet(tcp ? tcp(a, p, b, q, ACK, payload) : udp(a, p, b, q, payload));
      byte[] back = ethernet(tcp ? tcp(b, q, a, p, ACK, payload) : udp(b, q, a, p, payload));
      assertThat(key(there)).isEqualTo(key(back));
      assertThat(key(ethernet(echo(a, b, true, p, 1, payload))))
          .isEqualTo(key(ethernet(echo(b, a, false, p, 1, payload))));
      assertThat(key(ethernet(MAC_1, MAC_2, 0x88B5, payload)))
          .isEqualTo(key(ethernet(MAC_2, MAC_1, 0x88B5, payload)));
      keys.add(key(there));
    }
    assertThat(keys).as("conversations that differ").hasSize(2000);
  }

  @Test
  void tellsPortsProtocolsAndPingersApart() {
    String a = "10.0.0.1";
    String b = "10.0.0.2";
    assertThat(
            List.of(
                key(ethernet(udp(a, 1, b, 2, bytes(1)))),
                key(ethernet(udp(a, 2, b, 1, bytes(1)))),
                key(ethernet(tcp(a, 1, b, 2, ACK, bytes(1)))),
                key(ethernet(echo(a, b, true, 1, 1, bytes(1)))),
                key(ethernet(echo(a, b, true, 2, 1, bytes(1)))),
                key(ethernet(udp(a, 1, a, 1, bytes(1)))),
                key(ethernet(udp(b, 1, b, 1, bytes(1)))),
                key(ethernet(0x88B5, bytes(1))),
                key(ethernet(0x88B6, bytes(1)))))
        .doesNotHaveDuplicates();
  }

  /** A fair spread of 10,000 over 64 has 156 in each, with a standard deviation of 12.4. */
  @Test
  void spreadsOverTheLowestAndHighestBits() {
    int[] low = new int[64];
    int[] high = new int[64];
    for (int i = 0; i < 10_000; i++) {
      long key = key(ethernet(udp("10.0.0.1", 1024 + i, "10.0.0.2", 53, bytes(0))));
      low[(int) key & 63]++;
      high[(int) (key >>> 58)]++;
    }
    for (int bucket = 0; bucket < 64; bucket++) {
      assertThat(low[bucket]).isBetween(94, 218);
      assertThat(high[bucket]).isBetween(94, 218);
    }
  }

  @Test
  void isTheSameForAllFragmentsOfADatagram() {
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      byte[] packet = udp(host + 1, 5000, host + 2, 5001, bytes(300));
      if (host.contains(":")) {
        packet = Packets.extend(packet, IpProtocol.DESTINATION_OPTIONS, new byte[8]);
      }
      List<byte[]> fragments = Packets.fragments(packet, 64);
      List<byte[]> answer = Packets.fragments(udp(host + 2, 5001, host + 1, 5000, bytes(300)), 128);
      long first = key(ethernet(fragments.get(0)));
      assertThat(fragments).hasSizeGreaterThan(3).allMatch(f -> key(ethernet(f)) == first);
      if (!host.contains(":")) {
        assertThat(answer).allMatch(f -> key(ethernet(f)) == first);
      }
    }
  }

  @Test
  void doesNotCareWhereTheTagIs() {
    byte[] frame = ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(8)));
    long untagged = key(frame);
    assertThat(key(tag(frame, 0x8100, 100))).isEqualTo(untagged);
    assertThat(key(tag(tag(frame, 0x8100, 100), 0x88A8, 200))).isEqualTo(untagged);
    try (BlockBuilder builder = new BlockBuilder(4096)) {
      builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, 262144);
      MemorySegment source = MemorySegment.ofArray(frame);
      builder.append(0, frame.length, PacketType.HOST, 0x8100_0064, source, 0, frame.length);
      try (Block block = builder.build(0, 0)) {
        assertThat(FlowKey.of(new PacketHeaders().parse(block.next()))).isEqualTo(untagged);
      }
    }
  }

  @Test
  void isTheSameOnEveryLink() {
    byte[] packet = udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(8));
    assertThat(key(packet, LinkType.RAW_IP)).isEqualTo(key(ethernet(packet)));
  }

  @Test
  void isOneForAllThatIsTooShort() {
    long empty = key(new byte[0]);
    for (int length = 1; length < 14; length++) {
      assertThat(key(bytes(length))).isEqualTo(empty);
    }
  }

  /** Stored records keep their partition: the function may not change. Computed apart from it. */
  @Test
  void isFixed() {
    assertThat(key(ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, bytes(8)))))
        .isEqualTo(-1565436861098399466L);
    assertThat(key(ethernet(tcp("2001:db8::1", 1, "2001:db8::2", 2, ACK, bytes(8)))))
        .isEqualTo(1114352706866517280L);
    assertThat(key(ethernet(0x88B5, bytes(46)))).isEqualTo(5728136783000404397L);
    assertThat(key(new byte[0])).isEqualTo(5544486365562557916L);
  }
}
