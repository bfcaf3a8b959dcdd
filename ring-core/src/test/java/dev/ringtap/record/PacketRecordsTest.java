package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.testkit.PacketBatches;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Values of one packet, of many, of earlier versions, and of neither. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class PacketRecordsTest {
  private static final int HEADER_BYTES = 10;

  private final PacketRecords records = new PacketRecords();

  private static Packet packet(long sequence) {
    return Packet.newBuilder()
        .setTimestamp(Instant.ofEpochSecond(1_767_225_600, sequence))
        .setHost("web-1")
        .setInterfaceName("eth0")
        .setCaptureStart(Instant.ofEpochSecond(1_767_225_599, 654_321_000))
        .setSequence(sequence)
        .setLostBefore(0)
        .setMember(0)
        .setOriginalLength(3)
        .setLinkType(1)
        .setPacketType(PacketType.HOST)
        .setFlags(0)
        .setVlan(new Vlan(0x8100, 100, 5, true))
        .setPayload(ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .build();
  }

  private static List<Packet> packets(int count) {
    List<Packet> packets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      packets.add(packet(i));
    }
    return packets;
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static byte[] batch(int count) throws IOException {
    return bytes(PacketBatches.of(packets(count)).toByteBuffer());
  }

  @Test
  void oneOrManyComeInOrder() throws IOException {
    assertThat(records.read(bytes(packet(7).toByteBuffer()))).containsExactly(packet(7));
    for (int count : new int[] {1, 2, 500}) {
      assertThat(records.read(batch(count))).isEqualTo(packets(count));
    }
  }

  /** Both schemas with one field more: in what is batched, and in the batch. */
  static Schema other(Schema schema) {
    String more = "{\"name\":\"more\",\"type\":\"int\",\"default\":7},{\"name\":\"%s\"";
    String text = schema.toString();
    for (String before : List.of("payload", "packets")) {
      text = text.replace("{\"name\":\"" + before + "\"", more.formatted(before));
    }
    return new Schema.Parser().parse(text);
  }

  @Test
  void valuesOfAnotherVersionAreReadOnceItsSchemaIsKnown() throws IOException {
    Schema first = other(PacketSchema.published());
    Schema firstBatch = other(PacketSchema.publishedBatch());
    BinaryMessageDecoder<GenericRecord> convert =
        new BinaryMessageDecoder<>(new GenericData(), firstBatch);
    convert.addSchema(PacketSchema.publishedBatch());
    byte[] old =
        bytes(
            new BinaryMessageEncoder<GenericRecord>(new GenericData(), firstBatch)
                .encode(convert.decode(batch(2))));
    assertThatThrownBy(() -> records.read(old))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "written with an unknown schema, of fingerprint %016x; give the schema (addSchema, in SQL"
                + " ringtap.schemas)",
            SchemaNormalization.parsingFingerprint64(firstBatch));
    records.addSchema(first);
    records.addSchema(firstBatch);
    assertThat(records.read(old)).isEqualTo(packets(2));
    assertThat(records.read(batch(3))).isEqualTo(packets(3));
  }

  @Test
  void whatIsNeitherIsSaid() {
    for (byte[] value : new byte[][] {null, {}, {0}, "a text, and no record".getBytes()}) {
      assertThatThrownBy(() -> records.read(value))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("no single-object encoding");
    }
    assertThatThrownBy(() -> records.read(Arrays.copyOf(batch(1), batch(1).length + 1)))
        .isInstanceOf(IOException.class)
        .hasMessage("bytes are left after it");
  }

  /** A count or a length that lies takes no memory for what is not there. */
  @Test
  void whatHasNoBytesIsRefused() throws IOException {
    byte[] twoBillion = {(byte) 0xEE, -1, -1, -1, 0x0F};
    byte[] count = Arrays.copyOf(batch(1), HEADER_BYTES + 40);
    int countAt = HEADER_BYTES + 6 + 8 + 1;
    System.arraycopy(twoBillion, 0, count, countAt, twoBillion.length);
    assertThatThrownBy(() -> records.read(count))
        .isInstanceOf(IOException.class)
        .hasMessage("2147483639 items in a value that has no bytes for them");

    byte[] name = Arrays.copyOf(bytes(packet(0).toByteBuffer()), HEADER_BYTES + 40);
    int nameAt = HEADER_BYTES + 6;
    System.arraycopy(twoBillion, 0, name, nameAt, twoBillion.length);
    assertThatThrownBy(() -> records.read(name))
        .isInstanceOf(IOException.class)
        .hasMessage("2147483639 bytes expected, 29 are left of the value");
  }
}
