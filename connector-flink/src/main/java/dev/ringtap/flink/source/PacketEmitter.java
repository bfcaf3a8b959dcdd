package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;

/** Makes the stream's elements out of frames, on the task's thread. */
final class PacketEmitter<T> implements RecordEmitter<FetchedFrame, T, PacketSplitState> {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final PacketDeserializer<T> deserializer;
  private final Counter bytesIn;

  PacketEmitter(PacketDeserializer<T> deserializer, Counter bytesIn) {
    this.deserializer = deserializer;
    this.bytesIn = bytesIn;
  }

  @Override
  public void emitRecord(FetchedFrame fetched, SourceOutput<T> output, PacketSplitState state) {
    Frame frame = fetched.frame;
    state.emit(fetched);
    bytesIn.inc(frame.payloadLength());
    T element = deserializer.deserialize(frame);
    if (element != null) {
      output.collect(element, frame.timestampNanos() / NANOS_PER_MILLI);
    }
  }
}
