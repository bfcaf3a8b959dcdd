package dev.ringtap.packet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.LinkType;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever the bytes, nothing throws and nothing outside of the packet is read. */
@Timeout(10)
class PacketHeadersPropertyTest {
  private final Random random = new Random(20260102);
  private final PacketHeaders headers = new PacketHeaders();

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
    List<Object> seen = HeadersFuzzTest.all(headers.parse(exact, 0, length, linkType));
    int before = random.nextInt(8);
    byte[] amid = new byte[before + length + 80];
    random.nextBytes(amid);
    System.arraycopy(packet, 0, amid, before, length);
    assertThat(
            HeadersFuzzTest.all(
                headers.parse(MemorySegment.ofArray(amid), before, length, linkType)))
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
                    HeadersFuzzTest.all(
                        headers.parse(memory, offset, frame.length, LinkType.ETHERNET));
                MemorySegment array = MemorySegment.ofArray(frame);
                assertThat(
                        HeadersFuzzTest.all(
                            headers.parse(array, 0, frame.length, LinkType.ETHERNET)))
                    .isEqualTo(seen);
              });
    }
  }
}
