package dev.ringtap.record;

import java.io.IOException;
import java.util.List;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

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
  private final SchemaReaders<PacketBodyReader> readers;

  /** Reads {@link Packet} and {@link PacketBatch} of this version, and no registry's values. */
  public PacketRecords() {
    this(null);
  }

  /**
   * Reads {@link Packet} and {@link PacketBatch} of this version, and a registry's values.
   *
   * @param registry asked once for each schema, or null
   */
  public PacketRecords(@Nullable SchemaLookup registry) {
    readers = new SchemaReaders<>(registry, PacketBodyReader::new);
    addSchema(Packet.getClassSchema());
    addSchema(PacketBatch.getClassSchema());
  }

  /** Another version of one of the two schemas, that values were written with. */
  public void addSchema(Schema writer) {
    readers.add(writer);
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
      return reader.read(value, SchemaReaders.headerBytes(value));
    } catch (IOException e) {
      throw new BadValueException(e.getMessage(), e);
    }
  }

  /** The reader of a value's schema; exceptions as of {@link #read}. */
  PacketBodyReader reader(byte[] value) throws IOException {
    return readers.of(value);
  }
}
