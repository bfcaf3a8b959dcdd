package dev.ringtap.flink.source;

import dev.ringtap.record.BadValueException;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketRecords;
import dev.ringtap.record.SchemaLookup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * For Flink's {@code KafkaSource} on a topic of {@code ringtap capture}: elements are the packets
 * of each value, in order, whether it has one or many. Values are in Avro's single-object encoding,
 * or in a schema registry's; {@code flink-avro} must be on the class path.
 *
 * <pre>{@code
 * KafkaSource.<Packet>builder()
 *     .setValueOnlyDeserializer(new PacketDeserializationSchema())
 * }</pre>
 *
 * <p>A value that cannot be read fails the job, unless {@link #skipBadValues} is set.
 */
public final class PacketDeserializationSchema implements DeserializationSchema<Packet> {
  private static final long serialVersionUID = 1;

  private final ArrayList<Schema> schemas = new ArrayList<>();
  private @Nullable SchemaLookup registry;
  private BadValues badValues = new BadValues(false);

  private transient PacketRecords records;

  /** Reads values of this version's schemas. */
  public PacketDeserializationSchema() {}

  /** Reads values in single-object encoding that were written with this schema, too. */
  public PacketDeserializationSchema addSchema(Schema writer) {
    schemas.add(writer);
    return this;
  }

  /**
   * Reads values of a schema registry, too: a zero byte, the schema's 4-byte number, the record.
   *
   * @param lookup asked once for each schema; if it fails, the job fails, also with {@link
   *     #skipBadValues}
   */
  public PacketDeserializationSchema registry(SchemaLookup lookup) {
    registry = lookup;
    return this;
  }

  /**
   * Leaves out values that cannot be read, and counts them in the metric {@code ringtap.badValues};
   * the first one is logged.
   */
  public PacketDeserializationSchema skipBadValues() {
    badValues = new BadValues(true);
    return this;
  }

  @Override
  public void open(InitializationContext context) {
    records = new PacketRecords(registry);
    schemas.forEach(records::addSchema);
    badValues.open(context.getMetricGroup());
  }

  /**
   * Emits a value's packets.
   *
   * @throws IOException if the value cannot be read and is not to be skipped, or the registry does
   *     not answer; the job fails with it
   */
  @Override
  public void deserialize(byte[] value, Collector<Packet> out) throws IOException {
    read(value).forEach(out::collect);
  }

  /** The packets of a value; none if it is skipped. */
  private List<Packet> read(byte[] value) throws IOException {
    try {
      return records.read(value);
    } catch (BadValueException e) {
      badValues.skip(e);
      return List.of();
    }
  }

  /**
   * The packet of a value that holds one, or null if it is skipped.
   *
   * @throws IOException if it holds another number of them
   */
  @Override
  public @Nullable Packet deserialize(byte[] value) throws IOException {
    List<Packet> packets = read(value);
    if (packets.isEmpty() && badValues.skips()) {
      return null;
    }
    if (packets.size() != 1) {
      throw new IOException(
          "the value has " + packets.size() + " packets: call deserialize(value, collector)");
    }
    return packets.get(0);
  }

  @Override
  public boolean isEndOfStream(Packet next) {
    return false;
  }

  @Override
  public TypeInformation<Packet> getProducedType() {
    return TypeInformation.of(Packet.class);
  }
}
