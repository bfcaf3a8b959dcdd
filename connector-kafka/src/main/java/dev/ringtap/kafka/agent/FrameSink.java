package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Frame;
import java.io.IOException;

/** Where the pumps bring frames. Thread-safe. */
interface FrameSink {
  /** Takes the frames of one pump, on its thread. */
  interface FrameWriter {
    /**
     * Takes a frame; what is needed of it is copied before this returns. It may wait: the ring
     * holds what comes meanwhile.
     *
     * @throws IOException if no further frame can be taken; this one is counted as not delivered
     */
    void accept(Frame frame) throws IOException;

    /** The block that the last frames were of is read: none of them may wait for others. */
    default void endBlock() {}

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
