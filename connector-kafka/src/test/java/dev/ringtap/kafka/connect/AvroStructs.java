package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Instant;
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
      if (expected instanceof SpecificRecord) {
        assertSame((SpecificRecord) expected, (Struct) found);
      } else {
        assertThat(found).as(field.name()).isEqualTo(plain(expected));
      }
    }
  }

  /** As Connect has it. */
  private static Object plain(Object avro) {
    if (avro instanceof Instant) {
      return ((Instant) avro).getEpochSecond() * 1_000_000_000L + ((Instant) avro).getNano();
    }
    if (avro instanceof ByteBuffer) {
      byte[] bytes = new byte[((ByteBuffer) avro).remaining()];
      ((ByteBuffer) avro).duplicate().get(bytes);
      return bytes;
    }
    return avro instanceof CharSequence || avro instanceof Enum<?> ? avro.toString() : avro;
  }
}
