package dev.ringtap.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that is gone. */
public final class ClosedMemory {
  private ClosedMemory() {}

  /** A segment of any size on which every access throws {@link IllegalStateException}. */
  @SuppressWarnings("restricted")
  public static MemorySegment segment() {
    try (Arena arena = Arena.ofShared()) {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE, arena, null);
    }
  }
}
