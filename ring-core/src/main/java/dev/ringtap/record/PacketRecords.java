package dev.ringtap.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/**
 * Reads values in Avro's single-object encoding, whether they hold one packet or many, mixed as
 * they may be in a topic.
 *
 * <pre>{@code
 * PacketRecords records = new PacketRecords();
 * for (Packet packet : records.read(value)) {
 *   ...
 * }
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class PacketRecords {
  private static final int HEADER_BYTES = 10;
  private static final int FINGERPRINT_AT = 2;

  private final Map<Long, PacketBodyReader> readers = new HashMap<>();

  /** Reads {@link Packet} and {@link PacketBatch} of this version. */
  public PacketRecords() {
    addSchema(Packet.getClassSchema());
    addSchema(PacketBatch.getClassSchema());
  }

  /** Another version of one of the two schemas, that values were written with. */
  public void addSchema(Schema writer) {
    readers.put(SchemaNormalization.parsingFingerprint64(writer), new PacketBodyReader(writer));
  }

  /**
   * The packets of a value, in order.
   *
   * @throws IOException if the value is in another encoding, of a schema that was not added, or
   *     damaged
   */
  public List<Packet> read(byte[] value) throws IOException {
    if (value == null
        || value.length < HEADER_BYTES
        || value[0] != (byte) 0xC3
        || value[1] != 0x01) {
      throw new IOException(
          "no single-object encoding: it begins with C3 01 and a schema's 64-bit fingerprint");
    }
    long fingerprint =
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(FINGERPRINT_AT);
    PacketBodyReader reader = readers.get(fingerprint);
    if (reader == null) {
      throw new IOException(
          "written with an unknown schema, of fingerprint %016x: add it with addSchema"
              .formatted(fingerprint));
    }
    return reader.read(value, HEADER_BYTES);
  }
}
