package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class BlockTest {
  private static final int BLOCK_BYTES = 64 << 10;

  private final Arena arena = Arena.ofShared();
  private final BlockBuilder builder = new BlockBuilder(arena, BLOCK_BYTES);

  @AfterEach
  void closeArena() {
    arena.close();
  }

  private Block block(int frames) {
    builder.start("eth0", LinkType.ETHERNET, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    for (int i = 0; i < frames; i++) {
      byte[] bytes = new byte[60 + i % 40];
      bytes[0] = (byte) i;
      assertThat(
              builder.append(
                  i,
                  bytes.length,
                  PacketType.HOST,
                  0,
                  MemorySegment.ofArray(bytes),
                  0,
                  bytes.length))
          .isTrue();
    }
    return builder.build(1000, 7);
  }

  @Test
  void walkShowsEveryFrameOnceAndMayPause() {
    try (Block block = block(300)) {
      for (int i = 0; i < 300; i++) {
        Frame frame = block.next();
        assertThat(frame.timestampNanos()).isEqualTo(i);
        assertThat(frame.sequence()).isEqualTo(1000 + i);
        assertThat(frame.lostBefore()).isEqualTo(i == 0 ? 7 : 0);
        assertThat(frame.memory().get(ValueLayout.JAVA_BYTE, frame.dataOffset()))
            .isEqualTo((byte) i);
      }
      assertThat(block.next()).isNull();
      assertThat(block.next()).isNull();
    }
  }

  @Test
  void aRenumberedFrameShowsThatUntilTheNextOne() {
    try (Block block = block(2)) {
      Frame frame = block.next();
      frame.renumber(1L << 40, 3);
      assertThat(frame.sequence()).isEqualTo(1L << 40);
      assertThat(frame.lostBefore()).isEqualTo(3);
      assertThat(block.next().sequence()).isEqualTo(1001);
      assertThat(frame.lostBefore()).isZero();
    }
  }

  @Test
  void aFrameCannotBeReadAfterItsBlockWasGivenBack() {
    Block block = block(3);
    Frame frame = block.next();
    assertThat(frame.payloadLength()).isEqualTo(60);
    byte[] target = new byte[100];
    block.close();
    assertThatThrownBy(frame::timestampNanos).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(frame::originalLength).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(frame::packetType).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(frame::vlanTag).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(frame::isTagStripped).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(frame::payloadLength).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> frame.copyPayload(target, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(block::next).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aBlockIsGivenBackOnceAndWithTheKernelsStatus() {
    Block block = block(3);
    MemorySegment memory = block.memory();
    assertThat(TpacketBlockDesc.status(memory, 0)).isEqualTo(TpacketBlockDesc.TP_STATUS_USER);
    block.close();
    assertThat(TpacketBlockDesc.status(memory, 0)).isEqualTo(TpacketBlockDesc.TP_STATUS_KERNEL);
    TpacketBlockDesc.setStatusRelease(memory, 0, TpacketBlockDesc.TP_STATUS_USER);
    block.close();
    assertThat(TpacketBlockDesc.status(memory, 0)).isEqualTo(TpacketBlockDesc.TP_STATUS_USER);
  }

  @Test
  void builderRefusesToOverwriteABlockThatIsOut() {
    Block block = block(1);
    assertThatThrownBy(() -> builder.start("eth0", 1, 100))
        .isInstanceOf(IllegalStateException.class);
    block.close();
    builder.start("eth0", 1, 100);
  }

  @Test
  void aFrameThatPointsAtItselfEndsTheBlock() {
    try (Block block = block(3)) {
      Tpacket3Hdr.setNextOffset(block.memory(), block.next().dataOffset() - 82, 0);
      block.lease(0, 0);
      block.next();
      assertThatThrownBy(block::next).isInstanceOf(CorruptBlockException.class);
    }
  }

  @Test
  void aCountThatHasNoRoomEndsBehindTheFramesThatAreThere() {
    try (Block block = block(3)) {
      TpacketBlockDesc.write(block.memory(), 0, -1, TpacketBlockDesc.BYTES, BLOCK_BYTES, 1);
      block.lease(0, 0);
      assertThat(block.frameCount()).isEqualTo(4);
      for (int i = 0; i < 3; i++) {
        assertThat(block.next().sequence()).isEqualTo(i);
      }
      assertThatThrownBy(block::next)
          .isInstanceOf(CorruptBlockException.class)
          .hasMessageEndingWith("1 frames of it cannot be read");
      assertThat(block.next()).isNull();
    }
  }

  @Test
  void aFrameThatDoesNotFitEndsTheBlockAndSaysSo() {
    try (Block block = block(10)) {
      long first = block.next().dataOffset() - 82;
      long second = first + Tpacket3Hdr.nextOffset(block.memory(), first);
      Tpacket3Hdr.setNextOffset(block.memory(), second, BLOCK_BYTES);
      assertThat(block.next().sequence()).isEqualTo(1001);
      assertThatThrownBy(block::next)
          .isInstanceOf(CorruptBlockException.class)
          .hasMessageContaining("block 0 of eth0; 8 frames of it cannot be read")
          .extracting(e -> ((CorruptBlockException) e).unreadFrames())
          .isEqualTo(8);
      assertThat(block.next()).isNull();
    }
  }
}
