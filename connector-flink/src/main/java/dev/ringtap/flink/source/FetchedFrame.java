package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import dev.ringtap.file.FileRange;
import org.jspecify.annotations.Nullable;

/**
 * A frame, or the split's watermark, on its way from a batch to the emitter; each batch has one and
 * moves it along.
 */
final class FetchedFrame {
  /** Null if there is nothing but a watermark. */
  private final @Nullable FrameBatch batch;

  /** Null if it is a watermark. */
  @Nullable Frame frame;

  /** In ms; if there is no frame. */
  long watermark;

  /** Where the frame's block begins in its file; null if it is live. */
  @Nullable FileRange blockStart;

  FetchedFrame(@Nullable FrameBatch batch) {
    this.batch = batch;
  }

  /** Moves on to the batch's next frame; false if there is none. */
  boolean next() {
    return batch != null && batch.nextRecordFromSplit() != null;
  }
}
