package dev.ringtap.testkit;

import dev.ringtap.capture.Frame;
import dev.ringtap.capture.RingMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Makes a block's headers contradict themselves, as only a broken ring's would. */
public final class BrokenBlock {
  /** From a frame's header in a file's block to its first byte. */
  private static final int HEADER_BYTES = 82;

  /** Of {@code tp_snaplen} in a frame's header, which begins with the way to the next one. */
  private static final int SNAPLEN_OFFSET = 12;

  private BrokenBlock() {}

  /** Lets the frame after a file's frame claim more bytes than the block has. */
  public static void breakBehind(Frame frame) {
    MemorySegment block = RingMemory.of(frame);
    long header = RingMemory.dataOffset(frame) - HEADER_BYTES;
    long next = header + block.get(ValueLayout.JAVA_INT, header);
    block.set(ValueLayout.JAVA_INT, next + SNAPLEN_OFFSET, Integer.MAX_VALUE);
  }
}
