package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import java.io.IOException;

/** Where the pumps bring frames. Thread-safe. */
interface FrameSink {
  /** Takes the frames of one pump, on its thread. */
  interface FrameWriter {
    /**
     * Takes the frames of a block, none of which waits for later blocks; what is needed of them is
     * copied before this returns. It may wait: the ring holds what comes meanwhile.
     *
     * @param block at its first frame
     * @throws IOException if no further frame can be taken; those that were not count as not
     *     delivered
     */
    void accept(Block block) throws IOException;

    /** A live capture has had no frame for a while. */
    default void idle() {}

    /** No frame follows. */
    default void end() {}
  }

  /**
   * A writer for one more pump.
   *
   * @param delivery counts what becomes of the frames
   */
  FrameWriter writer(Delivery delivery);

  /**
   * Waits until all frames of the blocks that ended before have arrived or are counted as not
   * delivered. Nothing to do once the sink is finished.
   */
  void flush() throws IOException;

  /** Brings all that was accepted to its end, and closes the sink. */
  void finish() throws IOException;

  /** Stops waiting: unacknowledged frames count as not delivered, also in a {@link #finish}. */
  void abandon();
}
