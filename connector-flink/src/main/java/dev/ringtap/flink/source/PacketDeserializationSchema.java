package dev.ringtap.flink.source;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketRecords;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;

/**
 * For Flink's {@code KafkaSource} on a topic of {@code ringtap capture}: elements are the packets
 * of each value, in order, whether it has one or many. Values are in Avro's single-object encoding;
 * {@code flink-avro} must be on the class path.
 *
 * <pre>{@code
 * KafkaSource.<Packet>builder()
 *     .setValueOnlyDeserializer(new PacketDeserializationSchema())
 * }</pre>
 */
public final class PacketDeserializationSchema implements DeserializationSchema<Packet> {
  private static final long serialVersionUID = 1;

  private transient PacketRecords records;

  @Override
  public void open(InitializationContext context) {
    records = new PacketRecords();
  }

  /**
   * Emits a value's packets.
   *
   * @throws IOException if the value holds none; the job fails with it
   */
  @Override
  public void deserialize(byte[] value, Collector<Packet> out) throws IOException {
    records.read(value).forEach(out::collect);
  }

  /**
   * The packet of a value that holds one.
   *
   * @throws IOException if it holds another number of them
   */
  @Override
  public Packet deserialize(byte[] value) throws IOException {
    List<Packet> packets = records.read(value);
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
