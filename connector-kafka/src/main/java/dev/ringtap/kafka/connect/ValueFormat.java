package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.VlanTag;
import dev.ringtap.record.PacketEncoder;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.jspecify.annotations.Nullable;

/** What a record's value is. */
enum ValueFormat {
  /** A struct, for any converter and transformation. */
  STRUCT(PacketSchema.PACKET) {
    @Override
    Function<Frame, Object> encoder(OptionalInt schemaId) {
      return StructWriter::struct;
    }
  },
  /** Finished bytes of Avro, for ByteArrayConverter. */
  AVRO(Schema.BYTES_SCHEMA) {
    @Override
    Function<Frame, Object> encoder(OptionalInt schemaId) {
      PacketEncoder encoder =
          schemaId.isPresent()
              ? PacketEncoder.registry(schemaId.getAsInt())
              : PacketEncoder.singleObject();
      return encoder::encode;
    }
  };

  private final Schema schema;

  ValueFormat(Schema schema) {
    this.schema = schema;
  }

  /** The schema of each value. */
  Schema schema() {
    return schema;
  }

  /**
   * Makes a value of a frame; for one thread.
   *
   * @param schemaId the schema's number in a registry; empty without one
   */
  abstract Function<Frame, Object> encoder(OptionalInt schemaId);

  /** Copies a frame, field by field. */
  private static final class StructWriter {
    private static final Field HOST = field("host");
    private static final Field INTERFACE_NAME = field("interfaceName");
    private static final Field CAPTURE_START = field("captureStart");
    private static final Field MEMBER = field("member");
    private static final Field TIMESTAMP = field("timestamp");
    private static final Field SEQUENCE = field("sequence");
    private static final Field LOST_BEFORE = field("lostBefore");
    private static final Field ORIGINAL_LENGTH = field("originalLength");
    private static final Field LINK_TYPE = field("linkType");
    private static final Field PACKET_TYPE = field("packetType");
    private static final Field FLAGS = field("flags");
    private static final Field VLAN = field("vlan");
    private static final Field PAYLOAD = field("payload");

    private StructWriter() {}

    private static Field field(String name) {
      return PacketSchema.PACKET.field(name);
    }

    static Struct struct(Frame frame) {
      byte[] payload = frame.payload();
      CaptureId capture = frame.capture();
      return new Struct(PacketSchema.PACKET)
          .put(HOST, capture.host())
          .put(INTERFACE_NAME, capture.interfaceName())
          .put(CAPTURE_START, capture.startMicros())
          .put(MEMBER, capture.member())
          .put(TIMESTAMP, frame.timestampNanos())
          .put(SEQUENCE, frame.sequence())
          .put(LOST_BEFORE, frame.lostBefore())
          .put(ORIGINAL_LENGTH, frame.originalLength())
          .put(LINK_TYPE, frame.linkType())
          .put(PACKET_TYPE, frame.packetType().name())
          .put(FLAGS, frame.flags())
          .put(VLAN, vlan(frame.vlanTag()))
          .put(PAYLOAD, payload);
    }

    private static @Nullable Struct vlan(int tag) {
      return tag == 0
          ? null
          : new Struct(VLAN.schema())
              .put("tpid", VlanTag.tpid(tag))
              .put("id", VlanTag.id(tag))
              .put("priority", VlanTag.priority(tag))
              .put("dropEligible", VlanTag.isDropEligible(tag));
    }
  }
}
