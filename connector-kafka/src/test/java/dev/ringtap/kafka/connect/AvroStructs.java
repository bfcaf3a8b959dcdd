package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.connect.data.Struct;

/** Compares an Avro record with a Connect struct, field by field of the Avro schema. */
final class AvroStructs {
  private AvroStructs() {}

  static void assertSame(SpecificRecord avro, Struct struct) {
    assertThat(struct.schema().name()).isEqualTo(avro.getSchema().getFullName());
    assertThat(struct.schema().fields()).hasSameSizeAs(avro.getSchema().getFields());
    for (var field : avro.getSchema().getFields()) {
      Object expected = avro.get(field.pos());
      Object found = struct.get(field.name());
      assertThat(struct.schema().field(field.name()).index()).isEqualTo(field.pos());
      if (expected instanceof SpecificRecord specificRecord) {
        assertSame(specificRecord, (Struct) found);
      } else {
        assertThat(found).as(field.name()).isEqualTo(plain(expected, field.schema()));
      }
    }
  }

  /** As Connect has it. */
  private static Object plain(Object avro, Schema schema) {
    if (avro instanceof Instant instant) {
      boolean nanos = schema.getLogicalType().equals(LogicalTypes.timestampNanos());
      return (nanos ? ChronoUnit.NANOS : ChronoUnit.MICROS).between(Instant.EPOCH, instant);
    }
    if (avro instanceof ByteBuffer byteBuffer) {
      byte[] bytes = new byte[byteBuffer.remaining()];
      byteBuffer.duplicate().get(bytes);
      return bytes;
    }
    return avro instanceof CharSequence || avro instanceof Enum<?> ? avro.toString() : avro;
  }
}
