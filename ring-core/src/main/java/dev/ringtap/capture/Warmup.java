package dev.ringtap.capture;

import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.Poller;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Made-up blocks for a reader to read before it opens its capture, until the JVM has compiled the
 * code that will meet real ones. A cold JVM loses frames in its first second. Blocks of one shape
 * would be compiled for that shape alone, so these are diverse: tagged and untagged, short, long
 * and mixed. They are many and small, since the JVM compiles as a whole what is called often: a
 * loop that runs long but was entered seldom stays slow.
 */
public final class Warmup implements BlockSource {
  private static final int BLOCK_BYTES = 64 << 10;
  private static final int SHAPES = 6;
  private static final int RING_POLLS = 20_000;
  private static final int ETHERTYPE_AT = 12;
  private static final int TAG = 0x81000064;

  /** Numbers of frames are short in an encoded record for the first ones only. */
  private static final long FIRST_SEQUENCE = 1_000_000;

  /** As long as most are. */
  private static final CaptureId CAPTURE =
      new CaptureId("warmup.example.com", "warmup", 1_767_225_600_000_000L, 0);

  private static final int[] LENGTHS = {60, 300, 512, 1514};

  private final BlockBuilder builder = new BlockBuilder(BLOCK_BYTES);
  private final Random random = new Random(1);
  private final long endNanos;
  private int blocks;
  private long frames;
  private volatile boolean stopped;

  /**
   * @param time from now on until the source ends; a second or two is enough
   */
  public Warmup(Duration time) {
    endNanos = System.nanoTime() + time.toNanos();
    pollRing();
  }

  /** A ring is waited for a hundred times a second: it would take a minute to be compiled. */
  private static void pollRing() {
    try (Poller poller = Poller.ofNothing()) {
      for (int i = 0; i < RING_POLLS; i++) {
        poller.await(0, false);
      }
    } catch (LinuxException e) {
      // what does not work here will not work with the capture either, and say so there
    }
  }

  @Override
  public @Nullable Block poll(int timeoutMillis) {
    if (isEnded()) {
      return null;
    }
    fill(blocks % SHAPES);
    Block block = builder.build(FIRST_SEQUENCE + frames, blocks & 1);
    frames += block.frameCount();
    blocks++;
    return block;
  }

  private void fill(int shape) {
    builder.start(CAPTURE, LinkType.ETHERNET, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    byte[] bytes = new byte[LENGTHS[LENGTHS.length - 1]];
    random.nextBytes(bytes);
    bytes[ETHERTYPE_AT] = (byte) (random.nextInt(8) == 0 ? 0x86 : 0x08);
    bytes[ETHERTYPE_AT + 1] = (byte) (bytes[ETHERTYPE_AT] == 0x08 ? 0x00 : 0xDD);
    bytes[ETHERTYPE_AT + 2] = 0x45;
    bytes[ETHERTYPE_AT + 11] = (byte) (random.nextBoolean() ? 6 : 17);
    MemorySegment frame = MemorySegment.ofArray(bytes);
    int length;
    int tag;
    do {
      length = shape < LENGTHS.length ? LENGTHS[shape] : 60 + random.nextInt(1455);
      tag = (shape & 1) == 0 ? 0 : random.nextInt(8) == 0 ? 0 : TAG;
    } while (builder.append(
        1_767_225_600_000_000_000L, length, PacketType.HOST, tag, frame, 0, length));
  }

  @Override
  public boolean isEnded() {
    return stopped || System.nanoTime() - endNanos >= 0;
  }

  /** Nothing to do: no block is waited for. */
  @Override
  public void wake() {}

  @Override
  public void stop() {
    stopped = true;
  }

  @Override
  public CaptureStatistics statistics() {
    return new CaptureStatistics(frames, 0, frames, 0);
  }

  @Override
  public void close() {
    builder.close();
  }
}
