package dev.ringtap.record;

import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DatumReader;
import org.apache.avro.specific.SpecificDatumReader;

/**
 * Reads the bodies of values that were written with one schema: {@link Packet} or {@link
 * PacketBatch}, of any version. Avro's rules resolve the packets to the schema of this version, of
 * which {@link BatchedPacket} is an alias. Not thread-safe.
 */
public final class PacketBodyReader {
  private static final String PACKETS = "packets";

  private final Schema writer;
  private final boolean isBatch;
  private final DatumReader<Packet> packetReader;
  private final ValueDecoder decoder = new ValueDecoder();

  /** Whether the fields and their order are those of this version. */
  private final boolean isPresent;

  /**
   * @param writer the schema that the values were written with
   */
  public PacketBodyReader(Schema writer) {
    this.writer = writer;
    isBatch = isBatch(writer);
    Schema packet = isBatch ? writer.getField(PACKETS).schema().getElementType() : writer;
    packetReader = new SpecificDatumReader<>(packet, Packet.getClassSchema());
    Schema present = isBatch ? PacketBatch.getClassSchema() : Packet.getClassSchema();
    isPresent =
        SchemaNormalization.parsingFingerprint64(writer)
            == SchemaNormalization.parsingFingerprint64(present);
  }

  /** Whether values are batches; otherwise each is one packet. */
  boolean isBatch() {
    return isBatch;
  }

  /** Whether the fields and their order are those of this version's schema. */
  boolean isPresent() {
    return isPresent;
  }

  /** Whether its packets are in an array; a registry may also have a union around what is one. */
  private static boolean isBatch(Schema writer) {
    if (writer.getType() != Schema.Type.RECORD || writer.getField(PACKETS) == null) {
      return false;
    }
    return writer.getField(PACKETS).schema().getType() == Schema.Type.ARRAY
        && SchemaCompatibility.checkReaderWriterCompatibility(PacketBatch.getClassSchema(), writer)
                .getType()
            == SchemaCompatibilityType.COMPATIBLE;
  }

  /**
   * The packets of a value, in order: one, or those of a batch.
   *
   * @param offset where the body begins
   * @throws IOException if it is of another schema, or damaged
   */
  public List<Packet> read(byte[] value, int offset) throws IOException {
    decoder.start(value, offset);
    List<Packet> packets;
    try {
      packets = isBatch ? readBatch() : List.of(packetReader.read(null, decoder));
    } catch (RuntimeException | StackOverflowError e) {
      // Avro checks not every index that it reads, and not how deep a schema goes into itself
      throw new IOException(e.toString(), e);
    }
    if (!decoder.isEnd()) {
      throw new IOException("bytes are left after it");
    }
    return packets;
  }

  /** Avro's own reader takes memory for as many items as a damaged value says that it has. */
  private List<Packet> readBatch() throws IOException {
    String host = "";
    Instant captureStart = Instant.EPOCH;
    int member = 0;
    List<Packet> packets = new ArrayList<>();
    for (Schema.Field field : writer.getFields()) {
      switch (field.name()) {
        case "host" -> host = decoder.readString();
        case "captureStart" ->
            captureStart = Instant.EPOCH.plus(decoder.readLong(), ChronoUnit.MICROS);
        case "member" -> member = decoder.readInt();
        case PACKETS -> readPackets(packets);
        default -> GenericDatumReader.skip(field.schema(), decoder);
      }
    }
    for (Packet packet : packets) {
      packet.setHost(host);
      packet.setCaptureStart(captureStart);
      packet.setMember(member);
    }
    return packets;
  }

  private void readPackets(List<Packet> packets) throws IOException {
    for (long left = decoder.readArrayStart(); left > 0; left = decoder.arrayNext()) {
      for (; left > 0; left--) {
        packets.add(packetReader.read(null, decoder));
      }
    }
  }
}
