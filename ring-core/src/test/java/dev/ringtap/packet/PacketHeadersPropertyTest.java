package dev.ringtap.packet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.LinkType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever the bytes, nothing throws and nothing outside of the packet is read. */
@Timeout(10)
class PacketHeadersPropertyTest {
  private static final int[] LINK_TYPES = {
    LinkType.ETHERNET, LinkType.RAW_IP, LinkType.LINUX_SLL, LinkType.LINUX_SLL2, 105
  };

  private final Random random = new Random(20260102);
  private final PacketHeaders headers = new PacketHeaders();

  @Test
  void survivesRandomBytes() {
    for (int i = 0; i < 20_000; i++) {
      byte[] packet = new byte[random.nextInt(120)];
      random.nextBytes(packet);
      check(packet, packet.length, LINK_TYPES[i % LINK_TYPES.length]);
    }
  }

  @Test
  void survivesMutatedPackets() {
    for (int i = 0; i < 20_000; i++) {
      byte[] frame = HostileFrames.mutated(random);
      check(frame, frame.length, LINK_TYPES[i % LINK_TYPES.length]);
    }
  }

  @Test
  void survivesEveryTruncation() {
    for (byte[] frame : HostileFrames.shapes()) {
      for (int length = 0; length <= frame.length; length++) {
        check(frame, length, LinkType.ETHERNET);
      }
      byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
      for (int length = 0; length <= packet.length; length++) {
        check(packet, length, LinkType.RAW_IP);
      }
    }
  }

  /**
   * Any read outside of the segment throws. Where the packet lies amid other bytes they make no
   * difference, so they were not read either.
   */
  private void check(byte[] packet, int length, int linkType) {
    MemorySegment exact = MemorySegment.ofArray(packet).asSlice(0, length);
    List<Object> seen = all(headers.parse(exact, 0, length, linkType));
    int before = random.nextInt(8);
    byte[] amid = new byte[before + length + 80];
    random.nextBytes(amid);
    System.arraycopy(packet, 0, amid, before, length);
    assertThat(all(headers.parse(MemorySegment.ofArray(amid), before, length, linkType)))
        .isEqualTo(seen);
  }

  @Test
  void readsNativeMemoryAsItReadsArrays() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(70_000);
      Packets.stream(1)
          .limit(500)
          .forEach(
              frame -> {
                int offset = random.nextInt(4);
                MemorySegment.copy(MemorySegment.ofArray(frame), 0, memory, offset, frame.length);
                List<Object> seen =
                    all(headers.parse(memory, offset, frame.length, LinkType.ETHERNET));
                MemorySegment array = MemorySegment.ofArray(frame);
                assertThat(all(headers.parse(array, 0, frame.length, LinkType.ETHERNET)))
                    .isEqualTo(seen);
              });
    }
  }

  private static List<Object> all(PacketHeaders headers) {
    List<Object> values = new ArrayList<>(24);
    values.add(headers.etherType());
    values.add(headers.vlanCount());
    for (int i = 0; i < headers.vlanCount(); i++) {
      values.add(headers.vlanTag(i));
    }
    values.add(headers.ipVersion());
    values.add(headers.ipProtocol());
    values.add(headers.isFragment());
    values.add(headers.fragmentOffset());
    values.add(headers.srcPort());
    values.add(headers.dstPort());
    values.add(headers.tcpFlags());
    values.add(headers.payloadLength());
    values.add(headers.payloadOffset());
    values.add(headers.icmpType());
    values.add(headers.icmpCode());
    values.add(headers.icmpEchoIdentifier());
    values.add(headers.arpOperation());
    values.add(headers.ethSrc());
    values.add(headers.ethDst());
    values.add(headers.ipSrc());
    values.add(headers.ipDst());
    values.add(FlowKey.of(headers));
    return values;
  }
}
