package dev.ringtap.registry;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketBatch;
import dev.ringtap.record.PacketBodyReader;
import dev.ringtap.record.PacketRecords;
import dev.ringtap.record.WireFormat;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads values of one packet or many, in both wire formats. What a registry numbered is resolved by
 * Avro's rules from the schema that it was written with to the one of this version; each schema is
 * asked for once. For one thread.
 */
public final class PacketDecoder {
  private final @Nullable SchemaRegistry registry;
  private final Consumer<String> notes;
  private final PacketRecords singleObjects = new PacketRecords();

  /** By the schema's number: one, both kinds while it may be of either, or none. */
  private final Map<Integer, List<PacketBodyReader>> readers = new HashMap<>();

  private final Map<Integer, String> noted = new HashMap<>();

  /**
   * @param registry where schemas are asked for, or null: all are taken to be those of this version
   * @param notes gets a sentence once for each schema that is assumed or cannot be read
   */
  public PacketDecoder(@Nullable SchemaRegistry registry, Consumer<String> notes) {
    this.registry = registry;
    this.notes = notes;
  }

  /**
   * Reads a record's value.
   *
   * @return its packets, in order; none if the value is something else
   * @throws RegistryException if the registry is asked and does not answer, or refuses; one that
   *     has no such schema is a value that is no packet
   */
  public List<Packet> decode(byte[] value) throws RegistryException {
    switch (WireFormat.of(value)) {
      case SINGLE_OBJECT -> {
        try {
          return singleObjects.read(value);
        } catch (IOException e) {
          // another schema, or a damaged record
          return List.of();
        }
      }
      case REGISTRY -> {
        return decodeRegistered(value, WireFormat.schemaId(value));
      }
      default -> {
        return List.of();
      }
    }
  }

  private List<Packet> decodeRegistered(byte[] value, int id) throws RegistryException {
    if (!readers.containsKey(id)) {
      readers.put(id, readers(id));
    }
    String failure = null;
    for (PacketBodyReader reader : readers.get(id)) {
      try {
        List<Packet> packets = reader.read(value, WireFormat.REGISTRY.headerBytes());
        readers.put(id, List.of(reader));
        return packets;
      } catch (IOException e) {
        failure = failure == null ? e.getMessage() : failure;
      }
    }
    if (failure != null) {
      noteUnreadable(id, failure);
    }
    return List.of();
  }

  private List<PacketBodyReader> readers(int id) throws RegistryException {
    if (registry == null) {
      if (readers.isEmpty()) {
        notes.accept(
            ("records of schema %s of a registry: read as this version's schema; --registry URL"
                    + " asks for theirs")
                .formatted(id));
      }
      return List.of(
          new PacketBodyReader(Packet.getClassSchema()),
          new PacketBodyReader(PacketBatch.getClassSchema()));
    }
    try {
      return List.of(new PacketBodyReader(registry.schema(id)));
    } catch (RegistryException e) {
      if (e.reason() != RegistryException.Reason.NO_SUCH_SCHEMA) {
        throw e;
      }
      notes.accept(e.getMessage() + "; is it the registry that the topic was written with?");
      return List.of();
    }
  }

  private void noteUnreadable(int id, String why) {
    String hint = registry == null ? "; --registry URL reads other versions of the schema" : "";
    if (noted.putIfAbsent(id, why) == null) {
      notes.accept("a record of schema " + id + " is no packet: " + why + hint);
    }
  }
}
