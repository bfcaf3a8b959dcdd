package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.PacketType;
import dev.ringtap.record.Packet;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class PacketSchemaTest {
  private static final Schema SCHEMA = PacketSchema.PACKET;

  @Test
  void itHasTheNamesDocsAndOrderOfTheAvroSchema() {
    org.apache.avro.Schema avro = Packet.getClassSchema();
    assertThat(SCHEMA.name()).isEqualTo("dev.ringtap.record.Packet");
    assertThat(SCHEMA.doc()).isEqualTo(avro.getDoc());
    assertThat(SCHEMA.fields().stream().map(Field::name).toList())
        .isEqualTo(avro.getFields().stream().map(each -> each.name()).toList());
    avro.getFields()
        .forEach(
            each ->
                assertThat(SCHEMA.field(each.name()).schema().doc())
                    .isEqualTo(each.doc())
                    .isNotBlank());
  }

  @Test
  void nanosecondsAndMicrosecondsAreNotTakenForMilliseconds() {
    Schema timestamp = SCHEMA.field("timestamp").schema();
    assertThat(timestamp.type()).isEqualTo(Schema.Type.INT64);
    assertThat(timestamp.name()).isEqualTo("dev.ringtap.record.TimestampNanos");
    assertThat(timestamp.parameters()).containsEntry("logicalType", "timestamp-nanos");
    Schema captureStart = SCHEMA.field("captureStart").schema();
    assertThat(captureStart.type()).isEqualTo(Schema.Type.INT64);
    assertThat(captureStart.name()).isEqualTo("dev.ringtap.record.TimestampMicros");
    assertThat(captureStart.parameters()).containsEntry("logicalType", "timestamp-micros");
  }

  @Test
  void onlyTheTagMayBeMissing() {
    List<String> optional =
        SCHEMA.fields().stream()
            .filter(field -> field.schema().isOptional())
            .map(Field::name)
            .toList();
    assertThat(optional).containsExactly("vlan");
    Schema vlan = SCHEMA.field("vlan").schema();
    assertThat(vlan.name()).isEqualTo("dev.ringtap.record.Vlan");
    assertThat(vlan.fields().stream().map(field -> field.schema().type()).toList())
        .containsExactly(
            Schema.Type.INT32, Schema.Type.INT32, Schema.Type.INT32, Schema.Type.BOOLEAN);
    assertThat(SCHEMA.field("member").schema().defaultValue()).isEqualTo(0);
  }

  @Test
  void packetTypeNamesItsValues() {
    Schema packetType = SCHEMA.field("packetType").schema();
    assertThat(packetType.type()).isEqualTo(Schema.Type.STRING);
    assertThat(packetType.parameters())
        .containsEntry(PacketSchema.ENUM, "dev.ringtap.record.PacketType")
        .hasSize(1 + PacketType.values().length);
    Arrays.stream(PacketType.values())
        .forEach(
            each ->
                assertThat(packetType.parameters())
                    .containsEntry(PacketSchema.ENUM + "." + each, each.name()));
  }
}
