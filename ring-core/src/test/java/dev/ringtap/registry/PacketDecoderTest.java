package dev.ringtap.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketType;
import dev.ringtap.record.Vlan;
import dev.ringtap.record.WireFormat;
import dev.ringtap.testkit.PacketBatches;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both wire formats without a registry, and values that are anything else. */
@Timeout(20)
class PacketDecoderTest {
  private static final Packet PACKET =
      Packet.newBuilder()
          .setTimestamp(Instant.ofEpochSecond(1_767_225_600, 123_456_789))
          .setHost("web-1")
          .setInterfaceName("eth0")
          .setCaptureStart(Instant.ofEpochSecond(1))
          .setSequence(7)
          .setLostBefore(3)
          .setMember(2)
          .setOriginalLength(1500)
          .setLinkType(1)
          .setPacketType(PacketType.OUTGOING)
          .setFlags(0)
          .setVlan(new Vlan(0x8100, 100, 5, true))
          .setPayload(ByteBuffer.wrap(new byte[] {1, 2, 3}))
          .build();

  private final List<String> notes = new ArrayList<>();
  private final PacketDecoder decoder = new PacketDecoder(null, notes::add);

  private static byte[] singleObject() throws IOException {
    return array(PACKET.toByteBuffer());
  }

  private static byte[] batch(int packets) throws IOException {
    return array(PacketBatches.of(Collections.nCopies(packets, PACKET)).toByteBuffer());
  }

  private static byte[] array(ByteBuffer bytes) {
    byte[] value = new byte[bytes.remaining()];
    bytes.get(value);
    return value;
  }

  private static byte[] framed(int id) throws IOException {
    return framed(id, singleObject());
  }

  private static byte[] framed(int id, byte[] value) {
    return ByteBuffer.allocate(value.length - 5)
        .put((byte) 0)
        .putInt(id)
        .put(value, 10, value.length - 10)
        .array();
  }

  @Test
  void bothFormatsAreTheSamePacketAndTheAssumptionIsToldOnce() throws IOException {
    assertThat(WireFormat.of(singleObject())).isEqualTo(WireFormat.SINGLE_OBJECT);
    assertThat(decoder.decode(singleObject())).containsExactly(PACKET);
    assertThat(notes).isEmpty();
    assertThat(WireFormat.of(framed(-2))).isEqualTo(WireFormat.REGISTRY);
    assertThat(WireFormat.schemaId(framed(-2))).isEqualTo(-2);
    for (int id : new int[] {4, 4, 5}) {
      assertThat(decoder.decode(framed(id))).containsExactly(PACKET);
    }
    assertThat(notes)
        .containsExactly(
            "records of schema 4 of a registry: read as this version's schema; --registry URL asks"
                + " for theirs");
  }

  /** Without a registry a number tells not which schema it is; its first value does. */
  @Test
  void batchesAreReadInBothFormats() throws IOException {
    for (int count : new int[] {1, 2, 100}) {
      List<Packet> packets = Collections.nCopies(count, PACKET);
      assertThat(decoder.decode(batch(count))).isEqualTo(packets);
      assertThat(decoder.decode(framed(7, batch(count)))).isEqualTo(packets);
      assertThat(decoder.decode(framed(6))).containsExactly(PACKET);
    }
    assertThat(notes).hasSize(1);
    assertThat(decoder.decode(framed(7))).as("a packet under a batch's number").isEmpty();
  }

  @Test
  void bytesBehindTheRecordAreAnotherSchemasAndToldOnce() throws IOException {
    byte[] longer = Arrays.copyOf(framed(4), framed(4).length + 1);
    assertThat(decoder.decode(longer)).isEmpty();
    assertThat(decoder.decode(longer)).isEmpty();
    assertThat(decoder.decode(framed(4))).containsExactly(PACKET);
    assertThat(notes).hasSize(2);
    assertThat(notes.get(1))
        .isEqualTo(
            "a record of schema 4 is no packet: bytes are left after it; --registry URL reads"
                + " other versions of the schema");
  }

  @Test
  void whatIsNeitherIsNoPacket() throws IOException {
    for (byte[] value :
        new byte[][] {null, {}, {0}, {0, 0, 0, 1}, "text".getBytes(), {(byte) 0xC3, 1, 0}}) {
      assertThat(WireFormat.of(value)).isEqualTo(WireFormat.UNKNOWN);
      assertThat(decoder.decode(value)).isEmpty();
    }
    assertThat(notes).isEmpty();
  }

  @Test
  void registryThatDoesNotAnswerIsNoForeignRecord() {
    try (SchemaRegistry nowhere = SchemaRegistry.at(RegistryUrl.parse("http://127.0.0.1:1"))) {
      PacketDecoder asking = new PacketDecoder(nowhere, notes::add);
      assertThatThrownBy(() -> asking.decode(framed(1)))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("no schema registry answers at http://127.0.0.1:1");
      assertThat(notes).isEmpty();
    }
  }
}
