package dev.ringtap.record;

import static org.apache.avro.SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
import static org.apache.avro.SchemaCompatibility.SchemaCompatibilityType.INCOMPATIBLE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The schema's rules: fields are added, each with a default, and nothing else changes. Every
 * version that there was is kept beside this test as {@code Packet-N.avsc}, of the batch as {@code
 * PacketBatch-N.avsc}, of the flow as {@code Flow-N.avsc}.
 */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class PacketSchemaTest {
  private static List<Schema> versions() throws IOException {
    return versions("Packet", null);
  }

  /** A batch's schema has a packet's in it, of whichever version that is. */
  private static List<Schema> batchVersions() throws IOException {
    List<Schema> versions = new ArrayList<>();
    for (Schema packet : versions()) {
      versions.addAll(versions("PacketBatch", packet));
    }
    return versions;
  }

  private static List<Schema> versions(String kind, Schema known) throws IOException {
    List<Schema> versions = new ArrayList<>();
    while (true) {
      String name = kind + "-" + (versions.size() + 1) + ".avsc";
      try (InputStream text = PacketSchemaTest.class.getResourceAsStream(name)) {
        if (text == null) {
          return versions;
        }
        Schema.Parser parser = new Schema.Parser();
        if (known != null) {
          parser.parse(known.toString());
        }
        versions.add(parser.parse(text));
      }
    }
  }

  private static SchemaCompatibilityType compatibility(Schema reader, Schema writer) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType();
  }

  @Test
  void theLastVersionKeptIsTheSchemaOfToday() throws IOException {
    List<Schema> versions = versions();
    assertThat(versions).isNotEmpty();
    // toString has the documentation too: a registry counts a change of it as a version
    assertThat(PacketSchema.published().toString())
        .as(
            "Packet.avsc changed: keep it as src/test/resources/dev/ringtap/record/Packet-%d.avsc",
            versions.size() + 1)
        .isEqualTo(versions.get(versions.size() - 1).toString());
    List<Schema> batchVersions = batchVersions();
    assertThat(PacketSchema.publishedBatch().toString())
        .as("PacketBatch.avsc changed: keep it as the next PacketBatch-N.avsc there")
        .isEqualTo(batchVersions.get(batchVersions.size() - 1).toString());
    List<Schema> flowVersions = versions("Flow", null);
    assertThat(PacketSchema.publishedFlow().toString())
        .as("Flow.avsc changed: keep it as the next Flow-N.avsc there")
        .isEqualTo(flowVersions.get(flowVersions.size() - 1).toString());
  }

  @Test
  void publishedIsTheGeneratedClassesSchemaWithoutJava() {
    isWithoutJava(PacketSchema.published(), Packet.getClassSchema());
    isWithoutJava(PacketSchema.publishedBatch(), PacketBatch.getClassSchema());
    isWithoutJava(PacketSchema.publishedFlow(), Flow.getClassSchema());
  }

  private static void isWithoutJava(Schema published, Schema generated) {
    assertThat(SchemaNormalization.parsingFingerprint64(published))
        .isEqualTo(SchemaNormalization.parsingFingerprint64(generated));
    assertThat(published.toString()).doesNotContain("avro.java");
  }

  @Test
  void everyVersionReadsEveryOther() throws IOException {
    for (List<Schema> versions : List.of(versions(), batchVersions(), versions("Flow", null))) {
      for (Schema reader : versions) {
        for (Schema writer : versions) {
          assertThat(compatibility(reader, writer)).isEqualTo(COMPATIBLE);
        }
      }
    }
  }

  /** Shows that the check above can fail. */
  @Test
  void aFieldWithoutDefaultWouldBeIncompatible() throws IOException {
    String text = PacketSchema.published().toString();
    String changed =
        text.replace(
            "{\"name\":\"payload\"", "{\"name\":\"more\",\"type\":\"int\"},{\"name\":\"payload\"");
    assertThat(changed).isNotEqualTo(text);
    Schema more = new Schema.Parser().parse(changed);
    assertThat(compatibility(more, versions().get(0))).isEqualTo(INCOMPATIBLE);
  }

  @Test
  void fieldsAreOnlyAddedAndHaveADefault() throws IOException {
    List<Schema> versions = versions();
    for (int i = 1; i < versions.size(); i++) {
      Schema before = versions.get(i - 1);
      Schema after = versions.get(i);
      for (Schema.Field field : before.getFields()) {
        Schema.Field kept = after.getField(field.name());
        assertThat(kept).as("%s in version %d", field.name(), i + 1).isNotNull();
        assertThat(kept.schema()).isEqualTo(field.schema());
        assertThat(kept.hasDefaultValue()).isEqualTo(field.hasDefaultValue());
      }
      for (Schema.Field field : after.getFields()) {
        boolean isNew = before.getField(field.name()) == null;
        assertThat(!isNew || field.hasDefaultValue())
            .as("%s, new in version %d, has a default", field.name(), i + 1)
            .isTrue();
      }
    }
  }

  private static Packet packet() {
    return Packet.newBuilder()
        .setTimestamp(Instant.ofEpochSecond(1_767_225_600, 123_456_789))
        .setHost("web-1")
        .setInterfaceName("eth0")
        .setCaptureStart(Instant.ofEpochSecond(1_767_225_599, 654_321_000))
        .setSequence(7)
        .setLostBefore(3)
        .setMember(2)
        .setOriginalLength(1500)
        .setLinkType(1)
        .setPacketType(PacketType.OUTGOING)
        .setFlags(2)
        .setVlan(new Vlan(0x8100, 100, 5, true))
        .setPayload(ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .build();
  }

  /** The schema of a version to come, which has one field more. */
  private static Schema laterVersion() {
    return new Schema.Parser()
        .parse(
            PacketSchema.published()
                .toString()
                .replace(
                    "{\"name\":\"payload\"",
                    "{\"name\":\"more\",\"type\":\"int\",\"default\":7},{\"name\":\"payload\""));
  }

  @Test
  void consumerOfVersion1ReadsLaterRecords() throws IOException {
    Schema first = versions().get(0);
    Schema later = laterVersion();
    BinaryMessageDecoder<GenericRecord> up = new BinaryMessageDecoder<>(new GenericData(), later);
    up.addSchema(first);
    GenericRecord written = up.decode(packet().toByteBuffer());
    BinaryMessageDecoder<GenericRecord> consumer =
        new BinaryMessageDecoder<>(new GenericData(), first);
    consumer.addSchema(later);
    ByteBuffer bytes =
        new BinaryMessageEncoder<GenericRecord>(new GenericData(), later).encode(written);
    GenericRecord read = consumer.decode(bytes);
    assertThat(read.getSchema().getField("more")).isNull();
    assertThat(read.get("host")).hasToString("web-1");
    assertThat(read.get("sequence")).isEqualTo(7L);
    assertThat(read.get("packetType")).hasToString("OUTGOING");
    assertThat(read.get("payload")).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
  }

  @Test
  void laterConsumerReadsRecordsOfVersion1() throws IOException {
    BinaryMessageDecoder<GenericRecord> consumer =
        new BinaryMessageDecoder<>(new GenericData(), laterVersion());
    consumer.addSchema(versions().get(0));
    GenericRecord read = consumer.decode(packet().toByteBuffer());
    assertThat(read.get("more")).isEqualTo(7);
    assertThat(read.get("host")).hasToString("web-1");
    assertThat(read.get("payload")).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
  }
}
