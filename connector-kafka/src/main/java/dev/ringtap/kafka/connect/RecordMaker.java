package dev.ringtap.kafka.connect;

import dev.ringtap.capture.Frame;
import dev.ringtap.kafka.agent.RecordKey;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/** Makes a source record of a frame: nothing of it refers to the block. For one thread. */
final class RecordMaker {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final String topic;
  private final RecordKey key;
  private final Function<Frame, byte @Nullable []> keys;
  private final @Nullable Schema keySchema;
  private final ValueFormat format;
  private final Function<Frame, Object> encoder;

  RecordMaker(String topic, RecordKey key, ValueFormat format, OptionalInt schemaId) {
    this.topic = topic;
    this.key = key;
    this.keys = key.ofFrames();
    this.format = format;
    this.encoder = format.encoder(schemaId);
    this.keySchema =
        key == RecordKey.NONE ? null : isText() ? Schema.STRING_SCHEMA : Schema.BYTES_SCHEMA;
  }

  /** A name goes through every converter, but beside finished bytes stands ByteArrayConverter. */
  private boolean isText() {
    return key == RecordKey.INTERFACE && format == ValueFormat.STRUCT;
  }

  /** The frame's record, with its time; partition and offset are as Connect stores them. */
  SourceRecord of(Frame frame, Map<String, ?> partition, @Nullable Map<String, ?> offset) {
    byte @Nullable [] keyBytes = keys.apply(frame);
    return new SourceRecord(
        partition,
        offset,
        topic,
        null,
        keySchema,
        keyBytes != null && isText() ? new String(keyBytes, StandardCharsets.UTF_8) : keyBytes,
        format.schema(),
        encoder.apply(frame),
        frame.timestampNanos() / NANOS_PER_MILLI);
  }
}
