package dev.ringtap.record;

import java.io.IOException;
import java.io.Serializable;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** Finds the schemas that a registry has numbered, by whichever client. */
@FunctionalInterface
public interface SchemaLookup extends Serializable {
  /**
   * Returns the schema of a number, or null if the registry has none.
   *
   * @throws IOException if the registry does not answer, or refuses
   */
  @Nullable Schema schema(int id) throws IOException;
}
