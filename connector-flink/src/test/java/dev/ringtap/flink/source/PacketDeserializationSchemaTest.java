package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketType;
import dev.ringtap.testkit.PacketBatches;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Values of one packet and of many, as Flink's KafkaSource hands them over. */
@Timeout(20)
class PacketDeserializationSchemaTest {
  private final Counter badValues = new SimpleCounter();
  private PacketDeserializationSchema schema;

  @BeforeEach
  void arrive() throws Exception {
    schema = arrived(new PacketDeserializationSchema());
  }

  /** It travels with the job. */
  private PacketDeserializationSchema arrived(PacketDeserializationSchema sent) throws Exception {
    PacketDeserializationSchema arrived = InstantiationUtil.clone(sent);
    arrived.open(new BadValuesCounter(badValues));
    return arrived;
  }

  private static Packet packet(long sequence) {
    return Packet.newBuilder()
        .setTimestamp(Instant.ofEpochSecond(1_767_225_600, 123_456_789))
        .setHost("node1")
        .setInterfaceName("eth0")
        .setCaptureStart(Instant.ofEpochSecond(1_767_225_000, 123_456_000))
        .setMember(0)
        .setSequence(sequence)
        .setLostBefore(0)
        .setOriginalLength(1500)
        .setLinkType(1)
        .setPacketType(PacketType.HOST)
        .setFlags(0)
        .setPayload(ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .build();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Test
  void valuesOfOneAndOfManyAreAStreamOfPackets() throws IOException {
    List<Packet> elements = new ArrayList<>();
    ListCollector<Packet> out = new ListCollector<>(elements);
    schema.deserialize(bytes(packet(0).toByteBuffer()), out);
    schema.deserialize(
        bytes(PacketBatches.of(List.of(packet(1), packet(2), packet(3))).toByteBuffer()), out);
    schema.deserialize(bytes(packet(4).toByteBuffer()), out);
    assertThat(elements).containsExactly(packet(0), packet(1), packet(2), packet(3), packet(4));
    assertThat(elements).noneMatch(schema::isEndOfStream);
  }

  @Test
  void oneIsReadAloneAndManyAreNot() throws IOException {
    assertThat(schema.deserialize(bytes(packet(7).toByteBuffer()))).isEqualTo(packet(7));
    byte[] two = bytes(PacketBatches.of(List.of(packet(1), packet(2))).toByteBuffer());
    assertThatThrownBy(() -> schema.deserialize(two))
        .isInstanceOf(IOException.class)
        .hasMessage("the value has 2 packets: call deserialize(value, collector)");
  }

  @Test
  void anotherValueFailsTheJob() {
    assertThatThrownBy(() -> schema.deserialize("a text, and no record".getBytes(), null))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("no single-object encoding");
  }

  /** Flink's serializer for Avro, as for the packets of PacketSource; not Kryo. */
  @Test
  void elementsHaveTheTypeThatPacketSourceGivesThem() {
    assertThat(schema.getProducedType())
        .isInstanceOf(AvroTypeInfo.class)
        .isEqualTo(new PacketRecordDeserializer().getProducedType());
  }

  /** The schema with one field more. */
  private static Schema otherVersion() {
    String payload = "{\"name\":\"payload\"";
    String more = "{\"name\":\"more\",\"type\":\"int\",\"default\":7},";
    return new Schema.Parser()
        .parse(Packet.getClassSchema().toString().replace(payload, more + payload));
  }

  /** The body of a packet as the other version writes it. */
  private static GenericRecord otherBody() throws IOException {
    BinaryMessageDecoder<GenericRecord> down =
        new BinaryMessageDecoder<>(new GenericData(), otherVersion());
    down.addSchema(Packet.getClassSchema());
    return down.decode(bytes(packet(5).toByteBuffer()));
  }

  private static byte[] otherSingleObject() throws IOException {
    return bytes(
        new BinaryMessageEncoder<GenericRecord>(new GenericData(), otherVersion())
            .encode(otherBody()));
  }

  /** As a registry's serializers write it, under the number 7. */
  private static byte[] otherRegistered() throws IOException {
    byte[] singleObject = otherSingleObject();
    return ByteBuffer.allocate(singleObject.length - 5)
        .put((byte) 0)
        .putInt(7)
        .put(singleObject, 10, singleObject.length - 10)
        .array();
  }

  private static List<Long> sequences(PacketDeserializationSchema schema, byte[]... values)
      throws IOException {
    List<Packet> elements = new ArrayList<>();
    for (byte[] value : values) {
      schema.deserialize(value, new ListCollector<>(elements));
    }
    return elements.stream().map(Packet::getSequence).toList();
  }

  @Test
  void valuesOfAnotherVersionAreReadOnceItIsAdded() throws Exception {
    assertThatThrownBy(() -> sequences(schema, otherSingleObject()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("unknown schema")
        .hasMessageContaining("give the schema (addSchema");
    PacketDeserializationSchema both =
        arrived(new PacketDeserializationSchema().addSchema(otherVersion()));
    assertThat(sequences(both, otherSingleObject(), bytes(packet(6).toByteBuffer())))
        .containsExactly(5L, 6L);
  }

  @Test
  void valuesOfARegistryAreReadWithItsSchemas() throws Exception {
    assertThatThrownBy(() -> sequences(schema, otherRegistered()))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "written with schema 7 of a registry; give the registry that has it (in SQL ringtap.registry)");
    PacketDeserializationSchema both =
        arrived(new PacketDeserializationSchema().registry(id -> id == 7 ? otherVersion() : null));
    assertThat(
            sequences(both, otherRegistered(), bytes(packet(6).toByteBuffer()), otherRegistered()))
        .containsExactly(5L, 6L, 5L);
    byte[] other = otherRegistered();
    other[4] = 8;
    assertThatThrownBy(() -> sequences(both, other))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("written with schema 8, which the registry does not have");
  }

  @Test
  void badValuesAreSkippedAndCounted() throws Exception {
    PacketDeserializationSchema skipping =
        arrived(new PacketDeserializationSchema().registry(id -> null).skipBadValues());
    byte[] cut = bytes(packet(9).toByteBuffer());
    cut = Arrays.copyOf(cut, cut.length - 1);
    byte[] good = bytes(packet(6).toByteBuffer());
    Logger log = Logger.getLogger(PacketDeserializationSchema.class.getName());
    log.setLevel(Level.OFF);
    try {
      assertThat(
              sequences(
                  skipping,
                  "a text".getBytes(),
                  otherSingleObject(),
                  good,
                  otherRegistered(),
                  null,
                  cut))
          .containsExactly(6L);
      assertThat(badValues.getCount()).isEqualTo(5);
      assertThat(skipping.deserialize(cut)).isNull();
      assertThat(badValues.getCount()).isEqualTo(6);
    } finally {
      log.setLevel(null);
    }
  }

  /** What a registry that is away would say is not known: the value may be a good one. */
  @Test
  void aRegistryThatDoesNotAnswerFailsTheJobAlsoIfBadValuesAreSkipped() throws Exception {
    PacketDeserializationSchema skipping =
        arrived(
            new PacketDeserializationSchema()
                .registry(
                    id -> {
                      throw new IOException("no answer");
                    })
                .skipBadValues());
    assertThatThrownBy(() -> sequences(skipping, otherRegistered()))
        .isInstanceOf(IOException.class)
        .hasMessage("no answer");
    assertThat(badValues.getCount()).isZero();
  }
}
