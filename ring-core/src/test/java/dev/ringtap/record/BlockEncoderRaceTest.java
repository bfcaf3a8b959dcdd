package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.MappedBuilder;
import dev.ringtap.capture.PacketType;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another thread takes the memory away while a block is encoded: each run that is returned has the
 * right bytes, the others end in an IllegalStateException, and the JVM lives on.
 */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class BlockEncoderRaceTest {
  /** The full count is 100,000: {@code -Dringtap.test.races=100000}. */
  private static final int RACES = Integer.getInteger("ringtap.test.races", 600);

  private static final int BLOCK_BYTES = 16 << 10;
  private static final int MAX_SPINS = 4000;
  private static final long NANOS = 1_790_000_000_000_000_000L;

  private final Random random = new Random(3);
  private final BlockEncoder encoder = BlockEncoder.singleObject();
  private final ExecutorService other = Executors.newSingleThreadExecutor();
  private final byte[] expected = expected();

  @AfterEach
  void stop() {
    other.shutdownNow();
  }

  private static void fill(BlockBuilder builder, int value) {
    builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, 262_144);
    byte[] bytes = new byte[300];
    Arrays.fill(bytes, (byte) value);
    int length = 60;
    do {
      length = length == 60 ? bytes.length : 60;
    } while (builder.append(
        NANOS + value, length, PacketType.HOST, 0, MemorySegment.ofArray(bytes), 0, length));
  }

  private static byte[] expected() {
    PacketEncoder frames = PacketEncoder.singleObject();
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    try (BlockBuilder builder = new BlockBuilder(BLOCK_BYTES)) {
      fill(builder, 1);
      try (Block block = builder.build(0, 0)) {
        Frame frame;
        while ((frame = block.next()) != null) {
          records.writeBytes(frames.encode(frame));
        }
      }
    }
    return records.toByteArray();
  }

  /** Encodes to the block's end, or until its memory is gone; true if it is gone. */
  private boolean encode(Block block) {
    int at = 0;
    try {
      while (encoder.encode(block) > 0) {
        int end = at + encoder.length();
        assertThat(Arrays.equals(expected, at, end, encoder.bytes(), 0, encoder.length()))
            .as("the right bytes")
            .isTrue();
        at = end;
      }
      return false;
    } catch (IllegalStateException e) {
      return true;
    } catch (CorruptBlockException e) {
      throw new AssertionError("a fault of memory that is another's", e);
    }
  }

  private static void spin(int count) {
    for (int i = 0; i < count; i++) {
      Thread.onSpinWait();
    }
  }

  @Test
  void sourceIsClosed(@TempDir Path directory) throws Exception {
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("ring"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      for (int race = 0; race < RACES; race++) {
        closeWhileEncoding(MappedBuilder.of(file, BLOCK_BYTES));
      }
    }
  }

  private void closeWhileEncoding(BlockBuilder builder) throws Exception {
    fill(builder, 1);
    int spins = random.nextInt(MAX_SPINS);
    Future<?> closed =
        other.submit(
            () -> {
              spin(spins);
              builder.close();
            });
    boolean gone = false;
    while (!gone) {
      try (Block block = builder.build(0, 0)) {
        gone = encode(block);
      } catch (IllegalStateException e) {
        // met by the builder
        gone = true;
      }
    }
    // HotSpot interrupts a thread whose access it ends
    Thread.interrupted();
    closed.get();
  }

  @Test
  void blockIsReleasedAndWrittenTo() throws Exception {
    try (BlockBuilder builder = new BlockBuilder(BLOCK_BYTES)) {
      int races = 0;
      for (int race = 0; race < RACES; race++) {
        fill(builder, 1);
        Block block = builder.build(0, 0);
        int spins = random.nextInt(MAX_SPINS / 10);
        Future<?> released =
            other.submit(
                () -> {
                  spin(spins);
                  block.close();
                  fill(builder, 2);
                });
        spin(random.nextInt(MAX_SPINS));
        races += encode(block) ? 1 : 0;
        released.get();
      }
      assertThat(races).isPositive();
    }
  }
}
