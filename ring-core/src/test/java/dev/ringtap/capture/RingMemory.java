package dev.ringtap.capture;

import java.lang.foreign.MemorySegment;

/** A frame's ring, for tests that write what only a broken kernel or file would. */
public final class RingMemory {
  private RingMemory() {}

  /** The memory that the frame's block lies in. */
  public static MemorySegment of(Frame frame) {
    return frame.memory();
  }

  /** Offset in it of the frame's first byte. */
  public static long dataOffset(Frame frame) {
    return frame.dataOffset();
  }
}
