package dev.ringtap.capture;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that may be read until its holder ends that. Views keep this and not the segment, so that
 * they end with it at the price of one more load. Not thread-safe.
 */
final class ReadableMemory {
  /** Throws IllegalStateException on every access. */
  static final MemorySegment ENDED = ended();

  private MemorySegment segment;

  ReadableMemory(MemorySegment segment) {
    this.segment = segment;
  }

  @SuppressWarnings("restricted")
  private static MemorySegment ended() {
    try (Arena arena = Arena.ofShared()) {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE, arena, null);
    }
  }

  MemorySegment segment() {
    return segment;
  }

  void replace(MemorySegment by) {
    segment = by;
  }

  void end() {
    segment = ENDED;
  }

  /** Whether the holder has not ended it and its arena is open. */
  boolean isReadable() {
    return segment.scope().isAlive();
  }
}
