package dev.ringtap.record;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.jspecify.annotations.Nullable;

/**
 * Finds what reads a value by the schema that it names: by its fingerprint in single-object
 * encoding, by its number in a registry's. Not thread-safe.
 *
 * @param <R> what reads values of one schema
 */
final class SchemaReaders<R> {
  private static final int FINGERPRINT_AT = 2;

  private final Map<Long, R> readers = new HashMap<>();
  private final @Nullable SchemaLookup registry;
  private final Function<Schema, R> made;

  /** By the registry's number; null of one that it does not have. */
  private final Map<Integer, @Nullable R> registered = new HashMap<>();

  /**
   * @param registry asked once for each schema, or null
   * @param made a reader of values that were written with a schema
   */
  SchemaReaders(@Nullable SchemaLookup registry, Function<Schema, R> made) {
    this.registry = registry;
    this.made = made;
  }

  /** Values in single-object encoding may have been written with this schema. */
  void add(Schema writer) {
    readers.put(SchemaNormalization.parsingFingerprint64(writer), made.apply(writer));
  }

  /** Bytes before the body of a value that {@link #of} takes. */
  static int headerBytes(byte[] value) {
    return WireFormat.of(value).headerBytes();
  }

  /**
   * The reader of a value's schema.
   *
   * @throws BadValueException if the value is in another encoding or of an unknown schema
   * @throws IOException if the registry is asked and does not answer
   */
  R of(byte[] value) throws IOException {
    return switch (WireFormat.of(value)) {
      case SINGLE_OBJECT -> singleObject(value);
      case REGISTRY -> registered(WireFormat.schemaId(value));
      default ->
          throw new BadValueException(
              "no single-object encoding: it begins with C3 01 and a schema's 64-bit fingerprint");
    };
  }

  private R singleObject(byte[] value) throws BadValueException {
    long fingerprint =
        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(FINGERPRINT_AT);
    R reader = readers.get(fingerprint);
    if (reader == null) {
      throw new BadValueException(
          "written with an unknown schema, of fingerprint %016x; give the schema (addSchema, in SQL ringtap.schemas)"
              .formatted(fingerprint));
    }
    return reader;
  }

  private R registered(int id) throws IOException {
    if (registry == null) {
      throw new BadValueException(
          ("written with schema %s of a registry; give the registry that has it (in SQL"
                  + " ringtap.registry)")
              .formatted(id));
    }
    if (!registered.containsKey(id)) {
      Schema writer = registry.schema(id);
      registered.put(id, writer == null ? null : made.apply(writer));
    }
    R reader = registered.get(id);
    if (reader == null) {
      throw new BadValueException(
          ("written with schema %s, which the registry does not have: is it the one that the"
                  + " topic was written with?")
              .formatted(id));
    }
    return reader;
  }
}
