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
 * Reads values in Avro's single-object encoding and in a schema registry's, whether they hold one
 * packet or many, mixed as they may be in a topic.
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
  private static final int FINGERPRINT_AT = 2;

  private final Map<Long, PacketBodyReader> readers = new HashMap<>();
  private final SchemaLookup registry;

  /** By the registry's number; null of one that it does not have. */
  private final Map<Integer, PacketBodyReader> registered = new HashMap<>();

  /** Reads {@link Packet} and {@link PacketBatch} of this version, and no registry's values. */
  public PacketRecords() {
    this(null);
  }

  /**
   * Reads {@link Packet} and {@link PacketBatch} of this version, and a registry's values.
   *
   * @param registry asked once for each schema, or null
   */
  public PacketRecords(SchemaLookup registry) {
    this.registry = registry;
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
   * @throws BadValueException if the value is in another encoding, of an unknown schema, or damaged
   * @throws IOException if the registry is asked and does not answer
   */
  public List<Packet> read(byte[] value) throws IOException {
    PacketBodyReader reader = reader(value);
    try {
      return reader.read(value, headerBytes(value));
    } catch (IOException e) {
      throw new BadValueException(e.getMessage(), e);
    }
  }

  /** Bytes before the body of a value that {@link #reader} takes. */
  static int headerBytes(byte[] value) {
    return WireFormat.of(value).headerBytes();
  }

  /** The reader of a value's schema; exceptions as of {@link #read}. */
  PacketBodyReader reader(byte[] value) throws IOException {
    return switch (WireFormat.of(value)) {
      case SINGLE_OBJECT -> singleObject(value);
      case REGISTRY -> registered(WireFormat.schemaId(value));
      default ->
          throw new BadValueException(
              "no single-object encoding: it begins with C3 01 and a schema's 64-bit fingerprint");
    };
  }

  private PacketBodyReader singleObject(byte[] value) throws BadValueException {
    long fingerprint =
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(FINGERPRINT_AT);
    PacketBodyReader reader = readers.get(fingerprint);
    if (reader == null) {
      throw new BadValueException(
          "written with an unknown schema, of fingerprint %016x; give the schema (addSchema, in SQL ringtap.schemas)"
              .formatted(fingerprint));
    }
    return reader;
  }

  private PacketBodyReader registered(int id) throws IOException {
    if (registry == null) {
      throw new BadValueException(
          "written with schema "
              + id
              + " of a registry; give the registry that has it (in SQL ringtap.registry)");
    }
    if (!registered.containsKey(id)) {
      Schema writer = registry.schema(id);
      registered.put(id, writer == null ? null : new PacketBodyReader(writer));
    }
    PacketBodyReader reader = registered.get(id);
    if (reader == null) {
      throw new BadValueException(
          "written with schema "
              + id
              + ", which the registry does not have: is it the one that the topic was written with?");
    }
    return reader;
  }
}
