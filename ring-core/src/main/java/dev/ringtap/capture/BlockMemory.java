package dev.ringtap.capture;

import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.Tpacket3Hdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.StampedLock;

/**
 * Memory that blocks lie in: a mapped ring, or one that was allocated. {@link RawFrames} reads it
 * by address, which no check protects from its end, so it pins the memory meanwhile and {@link
 * #close} waits for that. Thread-safe.
 */
final class BlockMemory implements AutoCloseable {
  private final Arena arena;
  private final MemorySegment segment;

  /** Pins are its readers; the writer is the end, which never unlocks. */
  private final StampedLock pins = new StampedLock();

  /** A lock for reading could be had while the end waits for one for writing. */
  private volatile boolean closing;

  /**
   * @param arena the segment's, which only this object closes
   */
  BlockMemory(Arena arena, MemorySegment segment) {
    this.arena = arena;
    this.segment = segment;
  }

  /** Maps the socket's ring. */
  static BlockMemory map(PacketSocket socket, long sizeBytes) throws LinuxException {
    Arena arena = Arena.ofShared();
    return new BlockMemory(arena, socket.map(sizeBytes, arena));
  }

  /** Memory of zeros. */
  static BlockMemory allocate(long sizeBytes) {
    Arena arena = Arena.ofShared();
    return new BlockMemory(arena, arena.allocate(sizeBytes, Tpacket3Hdr.ALIGNMENT));
  }

  /** Every access is checked: within the segment, and before the end. */
  MemorySegment segment() {
    return segment;
  }

  /**
   * Keeps the memory until {@link #unpin}.
   *
   * @return what to unpin with
   * @throws IllegalStateException if the memory was closed
   */
  long pin() {
    long stamp = closing ? 0 : pins.tryReadLock();
    if (stamp == 0) {
      throw new IllegalStateException("the block's source was closed");
    }
    return stamp;
  }

  void unpin(long stamp) {
    pins.unlockRead(stamp);
  }

  /**
   * Ends the memory once no pin is left; a second time does nothing.
   *
   * @throws IllegalStateException if a native call uses the memory right now; close it again then
   */
  @Override
  public synchronized void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    closing = true;
    long stamp = pins.writeLock();
    try {
      arena.close();
    } catch (IllegalStateException e) {
      pins.unlockWrite(stamp);
      closing = false;
      throw e;
    }
  }
}
