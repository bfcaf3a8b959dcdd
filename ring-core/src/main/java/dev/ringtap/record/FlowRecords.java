package dev.ringtap.record;

import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificDatumReader;
import org.jspecify.annotations.Nullable;

/**
 * Reads flows in Avro's single-object encoding and in a schema registry's, mixed as they may be in
 * a topic. Avro's rules resolve other versions of the schema to this one. Not thread-safe.
 */
public final class FlowRecords {
  private final SchemaReaders<SpecificDatumReader<Flow>> readers;
  private final ValueDecoder decoder = new ValueDecoder();

  /**
   * Reads {@link Flow} of this version, and a registry's values.
   *
   * @param registry asked once for each schema, or null
   */
  public FlowRecords(@Nullable SchemaLookup registry) {
    readers =
        new SchemaReaders<>(
            registry, writer -> new SpecificDatumReader<>(writer, Flow.getClassSchema()));
    addSchema(Flow.getClassSchema());
  }

  /** Another version of the schema, that values were written with. */
  public void addSchema(Schema writer) {
    readers.add(writer);
  }

  /**
   * The flow of a value.
   *
   * @throws BadValueException if the value is in another encoding, of an unknown schema, or damaged
   * @throws IOException if the registry is asked and does not answer
   */
  public Flow read(byte[] value) throws IOException {
    SpecificDatumReader<Flow> reader = readers.of(value);
    decoder.start(value, SchemaReaders.headerBytes(value));
    Flow flow;
    try {
      flow = reader.read(null, decoder);
    } catch (IOException | RuntimeException | StackOverflowError e) {
      // Avro checks not every index that it reads, and not how deep a schema goes into itself
      throw new BadValueException(e.toString(), e);
    }
    if (!decoder.isEnd()) {
      throw new BadValueException("bytes are left after it");
    }
    return flow;
  }
}
