package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.RandomBlocks;
import dev.ringtap.capture.Warmup;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Holds the encoder of blocks against that of single frames. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class BlockEncoderTest {
  /** The full count is 20,000: {@code -Dringtap.test.blocks=20000}. */
  private static final int BLOCKS = Integer.getInteger("ringtap.test.blocks", 500);

  private static final int SCHEMA_ID = 0xCAFE0102;
  private static final int SNAP_LENGTH = 262_144;

  /** What a reader sees of a block: its records, their times, and the fault. */
  private record Seen(List<byte[]> records, List<List<Object>> about, String fault) {}

  private static Seen byFrame(PacketEncoder encoder, Block block) {
    List<byte[]> records = new ArrayList<>();
    List<List<Object>> about = new ArrayList<>();
    String fault = null;
    try {
      Frame frame;
      while ((frame = block.next()) != null) {
        records.add(encoder.encode(frame));
        about.add(
            List.of(
                frame.timestampNanos(), frame.payloadLength(), frame.capture(), frame.linkType()));
      }
    } catch (CorruptBlockException e) {
      fault = e.getMessage() + e.unreadFrames();
    }
    return new Seen(records, about, fault);
  }

  private static Seen byBlock(BlockEncoder encoder, Block block) {
    List<byte[]> records = new ArrayList<>();
    List<List<Object>> about = new ArrayList<>();
    String fault = null;
    try {
      int count;
      while ((count = encoder.encode(block)) > 0) {
        int end = 0;
        for (int i = 0; i < count; i++) {
          assertThat(encoder.start(i)).isEqualTo(end);
          end = encoder.end(i);
          records.add(Arrays.copyOfRange(encoder.bytes(), encoder.start(i), end));
          about.add(
              List.of(
                  encoder.timestampNanos(i),
                  end - encoder.payloadStart(i),
                  encoder.capture(i),
                  encoder.linkType(i)));
        }
        assertThat(encoder.length()).isEqualTo(end);
        assertThat(encoder.records()).isEqualTo(count);
      }
    } catch (CorruptBlockException e) {
      fault = e.getMessage() + e.unreadFrames();
      assertThat(encoder.records()).isZero();
    }
    return new Seen(records, about, fault);
  }

  private static void check(PacketEncoder oracle, BlockEncoder encoder, RandomBlocks blocks) {
    Seen expected;
    try (Block block = blocks.block()) {
      expected = byFrame(oracle, block);
    }
    Seen actual;
    try (Block block = blocks.block()) {
      actual = byBlock(encoder, block);
    }
    for (int i = 0; i < Math.min(expected.records().size(), actual.records().size()); i++) {
      if (!Arrays.equals(expected.records().get(i), actual.records().get(i))) {
        assertThat(actual.records().get(i)).as("record " + i).isEqualTo(expected.records().get(i));
      }
    }
    assertThat(actual.about()).isEqualTo(expected.about());
    assertThat(actual.fault()).isEqualTo(expected.fault());
  }

  @Test
  void randomBlocksAreThoseOfTheFrameEncoder() {
    long seed = Long.getLong("ringtap.test.seed", 7);
    List<PacketEncoder> oracles =
        List.of(PacketEncoder.singleObject(), PacketEncoder.registry(SCHEMA_ID));
    List<BlockEncoder> encoders =
        List.of(BlockEncoder.singleObject(), BlockEncoder.registry(SCHEMA_ID));
    try (RandomBlocks blocks = new RandomBlocks(new Random(seed))) {
      for (int i = 0; i < BLOCKS; i++) {
        blocks.next();
        check(oracles.get(i % 2), encoders.get(i % 2), blocks);
      }
    }
  }

  /** A block of equal frames, the numbers as in a capture that has run for a while. */
  private static BlockBuilder uniform(int frames, int length) {
    BlockBuilder builder = new BlockBuilder(1 << 20);
    builder.start(new CaptureId("web-1", "eth0", 1, 0), LinkType.ETHERNET, SNAP_LENGTH);
    byte[] bytes = new byte[length];
    for (int i = 0; i < frames; i++) {
      bytes[0] = (byte) i;
      builder.append(
          1_790_000_000_000_000_000L + i,
          length,
          dev.ringtap.capture.PacketType.HOST,
          i % 3 == 0 ? 0x81000064 : 0,
          MemorySegment.ofArray(bytes),
          0,
          length);
    }
    return builder;
  }

  @Test
  void walkGoesOnWhereTheEncoderStopped() {
    try (BlockBuilder builder = uniform(600, 60);
        Block block = builder.build(0, 0)) {
      int encoded = BlockEncoder.singleObject().encode(block);
      assertThat(encoded).isBetween(100, 599);
      assertThat(block.next().sequence()).isEqualTo(encoded);
    }
  }

  /** The JIT compiler leaves out branches that the warm-up does not take. */
  @Test
  void warmUpMeetsEachEndOfARunAndEachLengthOfAStart() throws IOException {
    BlockEncoder encoder = BlockEncoder.singleObject();
    boolean endedByRecords = false;
    boolean endedByBytes = false;
    Set<Integer> startSteps = new HashSet<>();
    try (Warmup warmup = new Warmup(Duration.ofHours(1))) {
      for (int i = 0; i < 12; i++) {
        try (Block block = warmup.poll(0)) {
          int records;
          while ((records = encoder.encode(block)) > 0) {
            endedByRecords |= records == BlockEncoder.MAX_RECORDS;
            endedByBytes |= encoder.length() >= BlockEncoder.RUN_BYTES;
          }
          CachedFields start = PacketEncoder.singleObject().start(block.capture());
          startSteps.add(Math.ceilDiv(start.length(), 32));
        }
      }
    }
    assertThat(endedByRecords).isTrue();
    assertThat(endedByBytes).isTrue();
    assertThat(startSteps).containsExactlyInAnyOrder(1, 2, 3);
  }

  @Test
  void releasedBlockIsRefused() {
    BlockEncoder encoder = BlockEncoder.singleObject();
    try (BlockBuilder builder = uniform(600, 60)) {
      Block block = builder.build(0, 0);
      encoder.encode(block);
      block.close();
      assertThatThrownBy(() -> encoder.encode(block)).isInstanceOf(IllegalStateException.class);
      assertThat(encoder.records()).isZero();
    }
  }

  @Test
  void nothingIsAllocatedForARun() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    BlockEncoder encoder = BlockEncoder.singleObject();
    try (BlockBuilder builder = uniform(600, 200)) {
      long bytes = 0;
      for (int i = 0; i < 200; i++) {
        try (Block block = builder.build(1_000_000L * i, 0)) {
          encoder.encode(block);
          long before = threads.getCurrentThreadAllocatedBytes();
          while (encoder.encode(block) > 0) {}
          bytes = threads.getCurrentThreadAllocatedBytes() - before;
        }
      }
      // of the last block, when all is compiled
      assertThat(bytes).isZero();
    }
  }
}
