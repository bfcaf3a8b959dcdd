package dev.ringtap.capture;

import java.io.Closeable;
import java.io.IOException;

/**
 * Where blocks of frames come from: a live ring ({@link PacketCapture}) or a capture file that is
 * replayed in the ring's own layout, so that whatever reads the one reads the other.
 *
 * <p>{@link #take} is for one thread; {@link #wake}, {@link #stop} and {@link #close} may be called
 * from any.
 */
public interface BlockSource extends Closeable {
  /** How long {@link #forEach} waits at once. */
  int FOR_EACH_TAKE_MILLIS = 1000;

  /**
   * Takes the next block, waiting for one if need be.
   *
   * @param timeoutMillis longest wait; 0 only looks
   * @return the block, which the caller gives back, or null if none came in time, {@link #wake} was
   *     called, or none will come
   * @throws CaptureException if the source failed; the message names the next step
   */
  Block take(int timeoutMillis) throws IOException;

  /** What {@link #forEach} does with a frame. */
  @FunctionalInterface
  interface FrameAction {
    /** Takes a frame, which is readable until this returns. */
    void accept(Frame frame) throws IOException;
  }

  /**
   * Takes blocks and hands over their frames, in order, until the source ends: {@link #stop} and
   * {@link #close} end it from another thread. {@link #take} gives whole blocks, and the choice of
   * when to wait.
   *
   * @throws CorruptBlockException if frames of a block cannot be read; called again, this goes on
   *     with the next block
   * @throws IOException if the source or the action failed
   */
  default void forEach(FrameAction action) throws IOException {
    while (!isEnded()) {
      try (Block block = take(FOR_EACH_TAKE_MILLIS)) {
        Frame frame;
        while (block != null && (frame = block.next()) != null) {
          action.accept(frame);
        }
      }
    }
  }

  /**
   * Ends the {@link #take} that waits in another thread, or the next one that would wait: it
   * returns null, or the block that has come. Nothing is lost, and the source goes on.
   */
  void wake();

  /**
   * Whether {@link #take} has returned the last block: the file was read to its end, a {@link
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
   * Ends at once, also a {@link #take} that waits in another thread. Blocks still out turn
   * unreadable.
   */
  @Override
  void close() throws IOException;
}
