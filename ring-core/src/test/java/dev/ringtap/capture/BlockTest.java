package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import dev.ringtap.packet.PacketHeaders;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class BlockTest {
  private static final int BLOCK_BYTES = 64 << 10;

  private final BlockBuilder builder = new BlockBuilder(BLOCK_BYTES);

  @AfterEach
  void close() {
    builder.close();
  }

  private Block block(int frames) {
    builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, CaptureOption.MAX_SNAP_LENGTH_BYTES);
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
      block.renumberFrame(1L << 40, 3);
      assertThat(frame.sequence()).isEqualTo(1L << 40);
      assertThat(frame.lostBefore()).isEqualTo(3);
      assertThat(block.next().sequence()).isEqualTo(1001);
      assertThat(frame.lostBefore()).isZero();
    }
  }

  @Test
  void aFrameCannotBeReadAfterItsBlockWasReleased() {
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

  /** A reader that is done too late: its memory holds another lease's frames by then. */
  @Test
  void anOldLeaseNeitherReleasesNorShowsTheNextOne() {
    Block old = block(3);
    Frame oldFrame = old.next();
    PacketHeaders oldHeaders = new PacketHeaders().parse(oldFrame);
    old.close();
    try (Block block = block(3)) {
      Frame frame = block.next();
      assertThat(frame).isNotSameAs(oldFrame);
      old.close();
      assertThat(builder.isOut()).isTrue();
      assertThat(frame.payload()).hasSize(60);
      assertEveryMethodThrows(oldFrame);
      assertEveryMethodThrows(old);
      assertEveryMethodThrows(oldHeaders);
    }
    assertThat(builder.isOut()).isFalse();
  }

  @Test
  void everyMethodThrowsAfterTheRelease() {
    Block block = block(3);
    Frame frame = block.next();
    PacketHeaders headers = new PacketHeaders().parse(frame);
    ByteView bytes = new ByteView().show(frame);
    assertThat(bytes.length()).isEqualTo(60);
    assertThat(bytes.unsignedByte(0)).isZero();
    block.next();
    assertThat(bytes.unsignedByte(0)).as("while the block walks on").isZero();
    assertThat(headers.ethSrc()).isEqualTo("00:00:00:00:00:00");
    block.close();
    assertEveryMethodThrows(frame);
    assertEveryMethodThrows(block);
    assertEveryMethodThrows(headers);
    assertEveryMethodThrows(bytes);
  }

  /** Every public method but those that move a view elsewhere, and close. */
  private static void assertEveryMethodThrows(Object view) {
    int tried = 0;
    for (Method method : view.getClass().getDeclaredMethods()) {
      if (!Modifier.isPublic(method.getModifiers())
          || Set.of("show", "parse", "close").contains(method.getName())) {
        continue;
      }
      Object[] arguments = Stream.of(method.getParameterTypes()).map(BlockTest::argument).toArray();
      assertThatThrownBy(() -> method.invoke(view, arguments))
          .as(method.toString())
          .hasCauseInstanceOf(IllegalStateException.class);
      tried++;
    }
    assertThat(tried).isPositive();
  }

  private static Object argument(Class<?> type) {
    if (type == int.class) {
      return 0;
    }
    if (type == long.class) {
      return 0L;
    }
    if (type == byte[].class) {
      return new byte[100];
    }
    return type == BpfInterpreter.class ? new BpfInterpreter(BpfProgram.REJECT) : null;
  }

  /** No method of a view hands out memory that outlives the lease or can be written to. */
  @Test
  void viewsHandOutNoMemory() {
    for (Class<?> type : List.of(Block.class, Frame.class, ByteView.class, PacketHeaders.class)) {
      assertThat(type.getDeclaredMethods())
          .filteredOn(method -> Modifier.isPublic(method.getModifiers()))
          .extracting(Method::getReturnType)
          .doesNotContain(MemorySegment.class);
    }
  }

  @Test
  void aViewReadsNothingOutsideOfItsFrame() {
    try (Block block = block(2)) {
      ByteView bytes = new ByteView().show(block.next());
      for (int index : new int[] {-1, 60, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        assertThatThrownBy(() -> bytes.unsignedByte(index))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThatThrownBy(() -> bytes.unsignedShort(59))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> bytes.unsignedInt(57)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> bytes.longAt(53)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> bytes.copyTo(1, new byte[60], 0, 60))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> block.next().unsignedShortAt(60))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  /** Another lease on the same memory, as it is by now. */
  private static Block again(Block block) {
    return new Block(
        block.slot(), FrameOrigin.of(CaptureId.on("eth0"), LinkType.ETHERNET, BLOCK_BYTES), 0, 0);
  }

  @Test
  void builderRefusesToOverwriteABlockThatIsOut() {
    Block block = block(1);
    assertThatThrownBy(() -> builder.start(CaptureId.on("eth0"), 1, 100))
        .isInstanceOf(IllegalStateException.class);
    block.close();
    builder.start(CaptureId.on("eth0"), 1, 100);
  }

  @Test
  void aBlockIsWalkedAgainAsFarAsIsAsked() {
    try (Block block = block(5)) {
      assertThat(sequences(block)).containsExactly(1000L, 1001L, 1002L, 1003L, 1004L);
      block.rewind(4);
      assertThat(sequences(block)).containsExactly(1000L, 1001L, 1002L, 1003L);
      block.rewind(block.frameCount());
      block.applyFilter(frame -> frame.sequence() % 2 == 0 ? 20 : 0);
      assertThat(block.frameCount()).isEqualTo(2);
      block.next();
      block.rewind(2);
      assertThat(sequences(block)).containsExactly(1000L, 1001L);
      block.rewind(1);
      assertThat(sequences(block)).containsExactly(1000L);
      assertThatThrownBy(() -> block.rewind(2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("2 frames of a block that has 1");
      block.rewind(0);
      assertThat(block.next()).isNull();
    }
  }

  private static List<Long> sequences(Block block) {
    List<Long> seen = new ArrayList<>();
    Frame frame;
    while ((frame = block.next()) != null) {
      seen.add(frame.sequence());
    }
    return seen;
  }

  @Test
  void aFrameThatPointsAtItselfEndsTheBlock() {
    try (Block block = block(3)) {
      Tpacket3Hdr.setNextOffset(block.memory(), block.next().dataOffset() - 82, 0);
      Block again = again(block);
      again.next();
      assertThatThrownBy(again::next).isInstanceOf(CorruptBlockException.class);
    }
  }

  @Test
  void aCountThatHasNoRoomEndsBehindTheFramesThatAreThere() {
    try (Block block = block(3)) {
      TpacketBlockDesc.write(block.memory(), 0, -1, TpacketBlockDesc.BYTES, BLOCK_BYTES, 1);
      Block again = again(block);
      assertThat(again.frameCount()).isEqualTo(4);
      for (int i = 0; i < 3; i++) {
        assertThat(again.next().sequence()).isEqualTo(i);
      }
      assertThatThrownBy(again::next)
          .isInstanceOf(CorruptBlockException.class)
          .hasMessageEndingWith("1 frames of it cannot be read");
      assertThat(again.next()).isNull();
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
