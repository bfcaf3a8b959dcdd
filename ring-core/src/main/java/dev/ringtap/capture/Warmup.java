package dev.ringtap.capture;

import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.Poller;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Made-up blocks for a reader to read before it opens its capture, until the JVM has compiled the
 * code that will meet real ones. A cold JVM loses frames in its first second.
 *
 * <p>The JIT compiler leaves out branches that were never taken, and compiles the method again when
 * one is taken. So the blocks are diverse: tagged and untagged, short, long and mixed frames,
 * captures of short and long names. They are many, since the JVM compiles as a whole what is called
 * often: a loop that runs long but was entered seldom stays slow. And each has more bytes than an
 * encoder takes at once.
 */
public final class Warmup implements BlockSource {
  private static final int BLOCK_BYTES = 128 << 10;
  private static final int ETHERTYPE_AT = 12;
  private static final int IP_AT = 14;
  private static final int TAG = 0x81000064;

  /** Numbers of frames are short in an encoded record for the first ones only. */
  private static final long FIRST_SEQUENCE = 1_000_000;

  /** Short ones, some as long as most are, and long ones. */
  private static final CaptureId[] CAPTURES = {
    capture("a", "lo"),
    capture("warmup.example.com", "warmup"),
    capture("ip-192-0-2-1.eu-central-1.compute.example.com", "enp175s0f1np1")
  };

  private static final int[] LENGTHS = {60, 300, 512, 1514};

  private final BlockBuilder[] shapes = new BlockBuilder[LENGTHS.length + 2];
  private final Poller poller;
  private final Random random = new Random(1);
  private final byte[] headers = new byte[LENGTHS[0]];
  private final long endNanos;
  private int blocks;
  private long frames;
  private volatile boolean stopped;

  private static CaptureId capture(String hostName, String interfaceName) {
    return new CaptureId(hostName, interfaceName, 1_767_225_600_000_000L, 0);
  }

  /**
   * @param time from now on until the source ends, but not before a block of each kind; a second or
   *     two is enough
   * @throws LinuxException if the system lets no descriptor be waited for
   */
  public Warmup(Duration time) throws LinuxException {
    endNanos = System.nanoTime() + time.toNanos();
    poller = Poller.ofNothing();
    for (int shape = 0; shape < shapes.length; shape++) {
      shapes[shape] = new BlockBuilder(BLOCK_BYTES);
      fill(shapes[shape], shape);
    }
  }

  /** Looks at a descriptor, as a ring is waited for, and returns the next block. */
  @Override
  public @Nullable Block poll(int timeoutMillis) throws LinuxException {
    if (isEnded()) {
      return null;
    }
    poller.await(0, false);
    Block block = shapes[blocks % shapes.length].build(FIRST_SEQUENCE + frames, blocks & 1);
    frames += block.frameCount();
    blocks++;
    return block;
  }

  private void fill(BlockBuilder builder, int shape) {
    builder.start(
        CAPTURES[shape % CAPTURES.length], LinkType.ETHERNET, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    byte[] bytes = new byte[LENGTHS[LENGTHS.length - 1]];
    random.nextBytes(bytes);
    MemorySegment frame = MemorySegment.ofArray(bytes);
    int length;
    int tag;
    do {
      fillHeaders(bytes);
      length = shape < LENGTHS.length ? LENGTHS[shape] : 60 + random.nextInt(1455);
      tag = (shape & 1) == 0 || random.nextInt(8) == 0 ? 0 : TAG;
    } while (builder.append(
        1_767_225_600_000_000_000L, length, PacketType.HOST, tag, frame, 0, length));
  }

  /** Headers of TCP or UDP, mostly over IPv4. */
  private void fillHeaders(byte[] bytes) {
    random.nextBytes(headers);
    System.arraycopy(headers, 0, bytes, 0, headers.length);
    boolean ipv4 = random.nextInt(8) != 0;
    bytes[ETHERTYPE_AT] = (byte) (ipv4 ? 0x08 : 0x86);
    bytes[ETHERTYPE_AT + 1] = (byte) (ipv4 ? 0x00 : 0xDD);
    bytes[IP_AT] = (byte) (ipv4 ? 0x45 : 0x60);
    byte protocol = (byte) (random.nextBoolean() ? 6 : 17);
    if (ipv4) {
      bytes[IP_AT + 6] = 0; // no fragment
      bytes[IP_AT + 7] = 0;
      bytes[IP_AT + 9] = protocol;
    } else {
      bytes[IP_AT + 6] = protocol;
    }
  }

  @Override
  public boolean isEnded() {
    return stopped || blocks >= shapes.length && System.nanoTime() - endNanos >= 0;
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
    poller.close();
    for (BlockBuilder each : shapes) {
      each.close();
    }
  }
}
