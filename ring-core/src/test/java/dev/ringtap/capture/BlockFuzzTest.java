package dev.ringtap.capture;

import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.TpacketBlockDesc;
import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.PacketBatchEncoder;
import dev.ringtap.record.PacketEncoder;
import dev.ringtap.testkit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A block of any bytes, its header and its frames' included: it shows frames that lie in it, then
 * its end or the one exception, and is released. The first byte chooses how it is read.
 */
public final class BlockFuzzTest extends FuzzTest {
  private static final int BLOCK_BYTES = 4096;
  private static final int[] LINK_TYPES = {
    LinkType.ETHERNET, LinkType.LINUX_SLL, LinkType.LINUX_SLL2, LinkType.RAW_IP
  };
  private static final int[] SNAP_LENGTHS = {CaptureOption.MAX_SNAP_LENGTH_BYTES, 100, 21, 14};

  /** Asks for a tag beside the frame, its network header, and what that points to. */
  private static final BpfProgram PROGRAM =
      BpfProgram.parse(
          "7\n32 0 0 4294963248\n21 4 0 1\n48 0 0 4293918720\n177 0 0 14\n72 0 0 14\n22 0 0 0\n"
              + "6 0 0 100\n");

  public BlockFuzzTest() {
    super(BlockFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    int mode = input.length == 0 ? 0 : input[0];
    byte[] block = Arrays.copyOfRange(input, Math.min(1, input.length), 1 + BLOCK_BYTES);
    // bytes outside of the block make no difference: they were not read
    if (!read(block, mode, (byte) 0).equals(read(block, mode, (byte) 0xFF))) {
      throw new AssertionError("bytes outside of the block were read");
    }
  }

  /** All that can be seen of a block between two others of one byte. */
  private static List<Object> read(byte[] bytes, int mode, byte outside) {
    try (BlockMemory ring = BlockMemory.allocate(3 * BLOCK_BYTES)) {
      MemorySegment memory = ring.segment().fill(outside);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, BLOCK_BYTES, BLOCK_BYTES);
      List<Block> released = new ArrayList<>();
      Block.Owner owner =
          block -> {
            released.add(block);
            block.leaseEnded();
          };
      BlockSlot slot = new BlockSlot(owner, ring, 1, BLOCK_BYTES, BLOCK_BYTES);
      int linkType = LINK_TYPES[mode & 3];
      int cooked = (mode & 4) == 0 ? 0 : CookedHeader.bytes(linkType);
      FrameOrigin origin =
          new FrameOrigin(
              CaptureId.on("eth0"), linkType, SNAP_LENGTHS[mode >> 4 & 3], cooked, null);
      Block block = block(slot, origin, mode);
      List<Object> seen = walk(block);
      block.close();
      block.close();
      if (released.size() != 1) {
        throw new AssertionError("released " + released.size() + " times");
      }
      checkEncoder(slot, origin, mode);
      return seen;
    }
  }

  private static Block block(BlockSlot slot, FrameOrigin origin, int mode) {
    Block block = new Block(slot, origin, 1000, (mode & 128) == 0 ? 7 : 0);
    if ((mode & 8) != 0) {
      block.applyFilter(filter()::keptBytes);
    }
    return block;
  }

  /** The encoder of blocks sees what that of frames does. */
  private static void checkEncoder(BlockSlot slot, FrameOrigin origin, int mode) {
    List<Object> byFrame = new ArrayList<>();
    PacketEncoder frames = PacketEncoder.singleObject();
    try (Block block = block(slot, origin, mode)) {
      for (Frame frame = block.next(); frame != null; frame = block.next()) {
        byFrame.add(Arrays.hashCode(frames.encode(frame)));
      }
    } catch (CorruptBlockException e) {
      byFrame.add(e.getMessage());
    }
    List<Object> byBlock = new ArrayList<>();
    BlockEncoder blocks = BlockEncoder.singleObject();
    try (Block block = block(slot, origin, mode)) {
      for (int records = blocks.encode(block); records > 0; records = blocks.encode(block)) {
        for (int i = 0; i < records; i++) {
          byte[] record = Arrays.copyOfRange(blocks.bytes(), blocks.start(i), blocks.end(i));
          byBlock.add(Arrays.hashCode(record));
        }
      }
    } catch (CorruptBlockException e) {
      byBlock.add(e.getMessage());
    }
    if (!byBlock.equals(byFrame)) {
      throw new AssertionError("by block " + byBlock + ", by frame " + byFrame);
    }
  }

  private static UserspaceFilter filter() {
    try {
      return new UserspaceFilter(PROGRAM);
    } catch (CaptureException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Object> walk(Block block) {
    PacketEncoder encoder = PacketEncoder.singleObject();
    PacketBatchEncoder batch = PacketBatchEncoder.singleObject();
    List<Object> seen = new ArrayList<>();
    int frames = 0;
    long unread = 0;
    try {
      for (Frame frame = block.next(); frame != null; frame = block.next()) {
        if (frame.dataOffset() < BLOCK_BYTES
            || frame.dataOffset() + frame.capturedLength() > 2 * BLOCK_BYTES) {
          throw new AssertionError("a frame outside of its block");
        }
        frames++;
        seen.add(frame.cookedHeaderLength());
        seen.add(frame.flags());
        seen.add(frame.protocol());
        seen.add(frame.hardwareType());
        seen.add(frame.senderAddressLength());
        seen.add(frame.isTagStripped());
        seen.add(Arrays.hashCode(encoder.encode(frame)));
        batch.add(frame);
      }
    } catch (CorruptBlockException e) {
      unread = e.unreadFrames();
      seen.add(e.getMessage());
    }
    seen.add(Arrays.hashCode(batch.finish()));
    seen.add(block.frameCount());
    long counted = block.frameCount();
    if (counted != frames + unread || counted > BLOCK_BYTES / TpacketBlockDesc.BYTES) {
      throw new AssertionError(counted + " frames, " + frames + " shown, " + unread + " unread");
    }
    return seen;
  }
}
