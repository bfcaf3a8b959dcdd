package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.record.Direction;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Values of one packet and of many, as Flink's KafkaSource hands them over. */
@Timeout(20)
class PacketDeserializationSchemaTest {
  private PacketDeserializationSchema schema;

  /** It travels with the job. */
  @BeforeEach
  void arrive() throws Exception {
    schema = InstantiationUtil.clone(new PacketDeserializationSchema());
    schema.open(null);
  }

  private static Packet packet(long sequence) {
    return Packet.newBuilder()
        .setTimestamp(Instant.ofEpochSecond(1_767_225_600, 123_456_789))
        .setInterfaceName("eth0")
        .setSequence(sequence)
        .setLostBefore(0)
        .setOriginalLength(1500)
        .setLinkType(1)
        .setDirection(Direction.HOST)
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
        bytes(new PacketBatch(List.of(packet(1), packet(2), packet(3))).toByteBuffer()), out);
    schema.deserialize(bytes(packet(4).toByteBuffer()), out);
    assertThat(elements).containsExactly(packet(0), packet(1), packet(2), packet(3), packet(4));
    assertThat(elements).noneMatch(schema::isEndOfStream);
  }

  @Test
  void oneIsReadAloneAndManyAreNot() throws IOException {
    assertThat(schema.deserialize(bytes(packet(7).toByteBuffer()))).isEqualTo(packet(7));
    byte[] two = bytes(new PacketBatch(List.of(packet(1), packet(2))).toByteBuffer());
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
}
