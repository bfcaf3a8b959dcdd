package dev.ringtap.capture;

import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * Blocks of random frames of all kinds: of uniform and mixed lengths, tagged, cooked, of several
 * interfaces, truncated, filtered, after a loss, with numbers of any length, and damaged.
 */
public final class RandomBlocks implements AutoCloseable {
  private static final int MIN_BLOCK_BYTES = 4096;
  private static final int BLOCK_SIZES = 6;
  private static final long NANOS = 1_790_000_000_123_456_789L;
  private static final int MAX_SNAP_LENGTH = 262_144;
  private static final int[] LENGTHS = {
    0, 1, 11, 12, 13, 14, 15, 16, 17, 31, 32, 33, 59, 60, 63, 64, 65, 66, 100, 127, 128, 129, 255,
    300, 512, 1500, 8186, 8187, 8188, 9000, 40_000
  };
  private static final int[] TAGS = {0, 0, 0, 0x81002064, 0x81000001, 0x88A8BFFF, 0x00010000, 5};
  private static final int[] LINK_TYPES = {
    LinkType.ETHERNET, LinkType.ETHERNET, LinkType.ETHERNET, LinkType.RAW_IP, LinkType.DSA_TAG_DSA
  };

  /** Keeps 100 bytes of every frame whose third byte is even. */
  private static final BpfProgram FILTER =
      BpfProgram.parse("4\n48 0 0 2\n69 1 0 1\n6 0 0 100\n6 0 0 0\n");

  private final Random random;
  private final BlockBuilder[] builders = new BlockBuilder[BLOCK_SIZES];

  private BlockBuilder builder;
  private long sequence;
  private long lostBefore;
  private boolean filtered;
  private boolean damaged;

  /** Makes blocks. */
  public RandomBlocks(Random random) {
    this.random = random;
    for (int i = 0; i < builders.length; i++) {
      builders[i] = new BlockBuilder(MIN_BLOCK_BYTES << i);
    }
  }

  @Override
  public void close() {
    for (BlockBuilder each : builders) {
      each.close();
    }
  }

  /** Fills another block. */
  public void next() {
    builder = builders[random.nextInt(BLOCK_SIZES)];
    CaptureId capture = capture();
    int snapLength = random.nextInt(5) == 0 ? 10 + random.nextInt(120) : MAX_SNAP_LENGTH;
    int kind = random.nextInt(12);
    if (kind == 0) {
      builder.startCooked(capture, LinkType.LINUX_SLL, snapLength, null);
    } else if (kind == 1) {
      InterfaceNames names = new InterfaceNames(ifindex -> "eth" + ifindex, capture);
      builder.startCooked(capture, LinkType.LINUX_SLL2, snapLength, names);
    } else {
      builder.start(capture, LINK_TYPES[random.nextInt(LINK_TYPES.length)], snapLength);
    }
    fill(snapLength);
    filtered = random.nextInt(12) == 0;
    sequence = sequence();
    lostBefore = random.nextInt(3) == 0 ? random.nextLong() >>> 1 + random.nextInt(62) : 0;
    damaged = random.nextInt(3) == 0;
    if (damaged) {
      damage();
    }
  }

  private CaptureId capture() {
    return new CaptureId(
        "h".repeat(random.nextInt(random.nextInt(10) == 0 ? 200 : 30)),
        random.nextInt(20) == 0 ? "interface".repeat(9) : "eth" + random.nextInt(3),
        random.nextInt(4) == 0 ? 0 : 1_767_225_600_000_000L,
        random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(3));
  }

  /** Often just before a number of one byte more. */
  private long sequence() {
    if (random.nextInt(3) == 0) {
      return random.nextLong() >>> 1 + random.nextInt(62);
    }
    return Math.max(0, (1L << 7 * (1 + random.nextInt(8)) - 1) - random.nextInt(100));
  }

  private void fill(int snapLength) {
    boolean uniform = random.nextBoolean();
    boolean realTime = random.nextInt(10) > 0;
    int length = LENGTHS[random.nextInt(LENGTHS.length)];
    int tag = TAGS[random.nextInt(TAGS.length)];
    PacketType type = PacketType.HOST;
    byte[] bytes;
    long nanos;
    int originalLength;
    do {
      if (!uniform || random.nextInt(50) == 0) {
        length = LENGTHS[random.nextInt(LENGTHS.length)];
        tag = TAGS[random.nextInt(TAGS.length)];
        type = PacketType.values()[random.nextInt(5)];
        builder.flags(random.nextInt(8));
        builder.sockaddr(0x0800, random.nextInt(3), 1, 6, random.nextLong());
      }
      length = Math.min(length, snapLength);
      bytes = frame(length);
      nanos = realTime ? NANOS + random.nextInt(1_000_000_000) : random.nextInt(1_000_000_000);
      originalLength = length + random.nextInt(2) * random.nextInt(60_000);
    } while (builder.append(
        nanos, originalLength, type, tag, MemorySegment.ofArray(bytes), 0, length));
  }

  private byte[] frame(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    if (length >= 16 && random.nextInt(3) == 0) {
      int[] tpids = {0x8100, 0x88A8, 0x9100, 0x0800};
      int tpid = tpids[random.nextInt(tpids.length)];
      bytes[12] = (byte) (tpid >>> 8);
      bytes[13] = (byte) tpid;
    }
    return bytes;
  }

  /** Changes bytes of the headers of one frame, or of the block. */
  private void damage() {
    try (Block block = builder.build(sequence, lostBefore)) {
      MemorySegment memory = block.memory();
      long header = TpacketBlockDesc.BYTES;
      for (int steps = random.nextInt(Math.max(1, block.frameCount())); steps > 0; steps--) {
        header += Integer.toUnsignedLong(Tpacket3Hdr.nextOffset(memory, header));
      }
      for (int i = random.nextInt(3); i >= 0; i--) {
        long at = Math.min(header + random.nextInt(68), memory.byteSize() - 1);
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(random.nextInt(2) * 255 + 1));
      }
    }
  }

  /** Leases the block, as often as wanted; it must be released in between. */
  public Block block() {
    Block block = builder.build(sequence, lostBefore);
    if (filtered) {
      block.applyFilter(filter()::keptBytes);
    }
    return block;
  }

  private static UserspaceFilter filter() {
    try {
      return new UserspaceFilter(FILTER);
    } catch (CaptureException e) {
      throw new AssertionError(e);
    }
  }
}
