package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Frame;
import java.io.IOException;

/** Where the pumps bring frames. Thread-safe. */
interface FrameSink {
  /** One pump's way in; for its thread alone. */
  interface Feed {
    /**
     * Takes a frame; what is needed of it is copied before this returns. It may wait: the ring
     * holds what comes meanwhile.
     *
     * @throws IOException if no further frame can be taken; this one is counted as refused
     */
    void accept(Frame frame) throws IOException;

    /** The block that the last frames were of is read: none of them may wait for others. */
    default void endBlock() {}
  }

  /** A way in for one more pump. */
  Feed feed();

  /**
   * Waits until all frames of the blocks that ended before have arrived or are refused. Nothing to
   * do once the sink is finished.
   */
  void flush() throws IOException;

  /** Brings all that was accepted to its end, and closes the sink. */
  void finish() throws IOException;

  /** Frames that arrived for good. */
  long arrived();

  /** Waits no longer: what has not arrived yet is refused, also in a {@link #finish}. */
  void abandon();
}
