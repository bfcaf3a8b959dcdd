package dev.ringtap.kafka.registry;

import dev.ringtap.record.Packet;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;

/**
 * Reads packets in both wire formats. What a registry numbered is resolved by Avro's rules from the
 * schema that it was written with to the one of this version; each schema is asked for once. For
 * one thread.
 */
public final class PacketDecoder {
  private final SchemaRegistry registry;
  private final Consumer<String> notes;
  private final Map<Integer, SpecificDatumReader<Packet>> readers = new HashMap<>();
  private final Map<Integer, String> noted = new HashMap<>();
  private BinaryDecoder decoder;

  /**
   * @param registry where schemas are asked for, or null: all are taken to be that of this version
   * @param notes gets a sentence once for each schema that is assumed or cannot be read
   */
  public PacketDecoder(SchemaRegistry registry, Consumer<String> notes) {
    this.registry = registry;
    this.notes = notes;
  }

  /**
   * Reads a record's value.
   *
   * @return the packet, or null if the value is none
   * @throws RegistryException if the registry is asked and does not answer, or refuses; one that
   *     has no such schema is a value that is no packet
   */
  public Packet decode(byte[] value) throws RegistryException {
    switch (WireFormat.of(value)) {
      case SINGLE_OBJECT:
        try {
          return Packet.getDecoder().decode(value);
        } catch (IOException | RuntimeException e) {
          // another schema, or a damaged record: Avro checks not every index that it reads
          return null;
        }
      case REGISTRY:
        return decodeRegistered(value, WireFormat.schemaId(value));
      default:
        return null;
    }
  }

  private Packet decodeRegistered(byte[] value, int id) throws RegistryException {
    if (!readers.containsKey(id)) {
      readers.put(id, reader(id));
    }
    SpecificDatumReader<Packet> reader = readers.get(id);
    if (reader == null) {
      return null;
    }
    int header = WireFormat.REGISTRY.headerBytes();
    decoder = DecoderFactory.get().binaryDecoder(value, header, value.length - header, decoder);
    try {
      Packet packet = reader.read(null, decoder);
      if (decoder.isEnd()) {
        return packet;
      }
      noteUnreadable(id, "bytes are left behind it");
    } catch (IOException | RuntimeException e) {
      noteUnreadable(id, e.toString());
    }
    return null;
  }

  /** Null where there is no such schema. */
  private SpecificDatumReader<Packet> reader(int id) throws RegistryException {
    Schema ours = Packet.getClassSchema();
    if (registry == null) {
      if (readers.isEmpty()) {
        notes.accept(
            "records of schema "
                + id
                + " of a registry: read as this version's schema; --registry URL asks for theirs");
      }
      return new SpecificDatumReader<>(ours);
    }
    try {
      return new SpecificDatumReader<>(registry.schema(id), ours);
    } catch (RegistryException e) {
      if (e.reason() != RegistryException.Reason.NO_SUCH_SCHEMA) {
        throw e;
      }
      notes.accept(e.getMessage() + "; is it the registry that the topic was written with?");
      return null;
    }
  }

  private void noteUnreadable(int id, String why) {
    String hint = registry == null ? "; --registry URL reads other versions of the schema" : "";
    if (noted.putIfAbsent(id, why) == null) {
      notes.accept("a record of schema " + id + " is no packet: " + why + hint);
    }
  }
}
