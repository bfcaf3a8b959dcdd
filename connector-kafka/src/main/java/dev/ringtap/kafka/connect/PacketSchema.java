package dev.ringtap.kafka.connect;

import dev.ringtap.record.Packet;
import java.util.List;
import org.apache.avro.JsonProperties;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * The Connect schema of a packet, made from {@code Packet.avsc}: the same names, docs, order,
 * defaults and optional fields.
 *
 * <p>An enum is a string whose parameters name it and its values as Confluent's Avro converter
 * writes and reads them, so that it becomes an Avro enum again where that is asked for ({@code
 * enhanced.avro.schema.support}). Nanoseconds and microseconds are an int64 named {@value
 * #TIMESTAMP_NANOS} and {@value #TIMESTAMP_MICROS}: Connect's own Timestamp has milliseconds.
 */
final class PacketSchema {
  /** Name of the schema of nanoseconds since 1970-01-01T00:00:00Z. */
  static final String TIMESTAMP_NANOS = "dev.ringtap.record.TimestampNanos";

  /** Name of the schema of microseconds since 1970-01-01T00:00:00Z. */
  static final String TIMESTAMP_MICROS = "dev.ringtap.record.TimestampMicros";

  /** Parameter of a schema: Avro's logical type. */
  static final String LOGICAL_TYPE = "logicalType";

  /** Parameter of a string that is an enum; each of its values is one more, after a dot. */
  static final String ENUM = "io.confluent.connect.avro.Enum";

  /** The schema of a record's value. */
  static final Schema PACKET =
      record(Packet.getClassSchema()).doc(Packet.getClassSchema().getDoc()).build();

  private PacketSchema() {}

  private static SchemaBuilder record(org.apache.avro.Schema avro) {
    SchemaBuilder struct = SchemaBuilder.struct().name(avro.getFullName());
    for (org.apache.avro.Schema.Field field : avro.getFields()) {
      SchemaBuilder schema = schema(field.schema());
      if (field.doc() != null) {
        schema.doc(field.doc());
      }
      Object defaultValue = field.hasDefaultValue() ? field.defaultVal() : null;
      if (defaultValue != null && defaultValue != JsonProperties.NULL_VALUE) {
        schema.defaultValue(defaultValue);
      }
      struct.field(field.name(), schema.build());
    }
    return struct;
  }

  private static SchemaBuilder schema(org.apache.avro.Schema avro) {
    return switch (avro.getType()) {
      case RECORD -> record(avro);
      case UNION -> optional(avro.getTypes());
      case ENUM -> enumeration(avro);
      case LONG -> number(avro);
      case INT -> SchemaBuilder.int32();
      case BOOLEAN -> SchemaBuilder.bool();
      case STRING -> SchemaBuilder.string();
      case BYTES -> SchemaBuilder.bytes();
      default ->
          throw new IllegalArgumentException("no Connect schema is defined for Avro's " + avro);
    };
  }

  private static SchemaBuilder optional(List<org.apache.avro.Schema> types) {
    if (types.size() != 2 || types.get(0).getType() != org.apache.avro.Schema.Type.NULL) {
      throw new IllegalArgumentException("no Connect schema is defined for the union " + types);
    }
    return schema(types.get(1)).optional();
  }

  private static SchemaBuilder enumeration(org.apache.avro.Schema avro) {
    SchemaBuilder text = SchemaBuilder.string().parameter(ENUM, avro.getFullName());
    avro.getEnumSymbols().forEach(symbol -> text.parameter(ENUM + "." + symbol, symbol));
    return text;
  }

  private static SchemaBuilder number(org.apache.avro.Schema avro) {
    SchemaBuilder number = SchemaBuilder.int64();
    LogicalType logical = avro.getLogicalType();
    if (logical == null) {
      return number;
    }
    boolean nanos = logical.equals(LogicalTypes.timestampNanos());
    return number
        .name(nanos ? TIMESTAMP_NANOS : TIMESTAMP_MICROS)
        .parameter(LOGICAL_TYPE, logical.getName());
  }
}
