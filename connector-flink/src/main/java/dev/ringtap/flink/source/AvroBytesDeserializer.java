package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import dev.ringtap.record.PacketEncoder;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * Elements are Avro's single-object encoding of the packet (C3 01, the schema's fingerprint, the
 * record), what the Kafka agent writes as values. It is the cheapest way to send whole packets
 * through a job: one copy out of the ring, and nothing to serialize again.
 */
public final class AvroBytesDeserializer implements PacketDeserializer<byte[]> {
  private static final long serialVersionUID = 1;

  private transient PacketEncoder encoder;

  @Override
  public void open() {
    encoder = PacketEncoder.singleObject();
  }

  @Override
  public byte[] deserialize(Frame frame) {
    return encoder.encode(frame);
  }

  @Override
  public TypeInformation<byte[]> getProducedType() {
    return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  }
}
