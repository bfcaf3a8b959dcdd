package dev.ringtap.capture;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where blocks of frames come from: a live ring ({@link PacketCapture}) or a capture file that is
 * replayed in the ring's own layout, so that whatever reads the one reads the other.
 *
 * <p>{@link #forEach} hands over frames until the source ends; {@link #poll} gives whole blocks,
 * and leaves it to the reader how long to wait. Both are for one thread; {@link #wake}, {@link
 * #stop} and {@link #close} may be called from any.
 */
public interface BlockSource extends Closeable {
  /** How long {@link #forEach} waits at once. */
  int WAIT_MILLIS = 1000;

  /**
   * Returns the next block, or null if there is none yet: none came in time, or {@link #wake} was
   * called. After the last block it returns null at once, and {@link #isEnded} is true.
   *
   * @param timeoutMillis longest wait; 0 only looks
   * @return the block, which the caller releases, or null
   * @throws CaptureException if the source failed; the message names the next step
   */
  @Nullable Block poll(int timeoutMillis) throws IOException;

  /** What {@link #forEach} does with a frame. */
  @FunctionalInterface
  interface FrameAction {
    /** Takes a frame, which is readable until this returns. */
    void accept(Frame frame) throws IOException;
  }

  /**
   * Hands over the frames of all blocks, in order, until the source ends: {@link #stop} and {@link
   * #close} end it from another thread.
   *
   * @throws CorruptBlockException if frames of a block cannot be read; called again, this goes on
   *     with the next block
   * @throws IOException if the source or the action failed
   */
  default void forEach(FrameAction action) throws IOException {
    while (!isEnded()) {
      try (Block block = poll(WAIT_MILLIS)) {
        Frame frame;
        while (block != null && (frame = block.next()) != null) {
          action.accept(frame);
        }
      }
    }
  }

  /**
   * Ends the {@link #poll} that waits in another thread, or the next one that would wait: it
   * returns null, or the block that has come. Nothing is lost, and the source goes on.
   */
  void wake();

  /**
   * Whether {@link #poll} has returned the last block: the file was read to its end, a {@link
   * #stop} has drained the ring, or the source was closed.
   */
  boolean isEnded();

  /** Lets no further frame in. Frames that are already in are still taken; then the source ends. */
  void stop() throws IOException;

  /** What came in so far. */
  CaptureStatistics statistics();

  /**
   * What came in by now, asked of the kernel where {@link #statistics} may be of an earlier time.
   * Any thread may.
   */
  default CaptureStatistics readStatistics() throws IOException {
    return statistics();
  }

  /**
   * Ends at once, also a {@link #poll} that waits in another thread. Blocks still out turn
   * unreadable.
   */
  @Override
  void close() throws IOException;
}
