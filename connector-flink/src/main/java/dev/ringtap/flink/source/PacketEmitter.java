package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;

/**
 * Makes the stream's elements out of frames, on the task's thread, several at a call: what Flink
 * does for each call costs more than a frame. They are few enough for a checkpoint or a full
 * downstream not to wait for them.
 */
final class PacketEmitter<T> implements RecordEmitter<FetchedFrame, T, PacketSplitState> {
  private static final int MAX_FRAMES_AT_ONCE = 32;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final PacketDeserializer<T> deserializer;
  private final Counter recordsIn;
  private final Counter bytesIn;

  /**
   * @param recordsIn counts calls already; corrected here to the frames
   */
  PacketEmitter(PacketDeserializer<T> deserializer, Counter recordsIn, Counter bytesIn) {
    this.deserializer = deserializer;
    this.recordsIn = recordsIn;
    this.bytesIn = bytesIn;
  }

  @Override
  public void emitRecord(FetchedFrame fetched, SourceOutput<T> output, PacketSplitState state) {
    long bytes = 0;
    int frames = 0;
    do {
      Frame frame = fetched.frame;
      if (frame == null) {
        output.emitWatermark(new Watermark(fetched.watermark));
        break;
      }
      state.emit(frame, fetched.blockStart);
      bytes += emit(frame, output);
      frames++;
    } while (frames < MAX_FRAMES_AT_ONCE && fetched.next());
    recordsIn.inc(frames - 1);
    bytesIn.inc(bytes);
  }

  /** Returns the frame's bytes. */
  private int emit(Frame frame, SourceOutput<T> output) {
    T element = deserializer.deserialize(frame);
    if (element != null) {
      output.collect(element, frame.timestampNanos() / NANOS_PER_MILLI);
    }
    return frame.payloadLength();
  }
}
