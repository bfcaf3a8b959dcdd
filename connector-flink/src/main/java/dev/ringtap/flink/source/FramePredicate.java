package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import java.io.Serializable;

/** Decides on frames in the reader. It travels with the job; each reader has one of its own. */
public interface FramePredicate extends Serializable {
  /** Whether the frame goes into the stream. For the task's thread. */
  boolean keeps(Frame frame);
}
