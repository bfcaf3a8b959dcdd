package dev.ringtap.flink.table;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketSchema;
import dev.ringtap.record.WireFormat;
import dev.ringtap.registry.RegistryException;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;
import org.jspecify.annotations.Nullable;

/**
 * A topic's values of rows, in Avro's single-object encoding or a registry's: of all columns of a
 * live table, what the agent writes of the same frames.
 */
final class RowValues implements SerializationSchema<RowData> {
  private static final long serialVersionUID = 1;

  private final RowPackets packets;
  private final @Nullable SchemaTarget target;

  /** Stands before each record instead of what Avro puts there, or null. */
  private transient byte @Nullable [] header;

  /**
   * @param target where the schema is registered, or null
   */
  RowValues(RowPackets packets, @Nullable SchemaTarget target) {
    this.packets = packets;
    this.target = target;
  }

  @Override
  public void open(InitializationContext context) throws RegistryException {
    header =
        target == null
            ? null
            : WireFormat.registryHeader(target.register(PacketSchema.published()));
  }

  @Override
  public byte[] serialize(RowData row) {
    Packet packet = packets.packet(row);
    try {
      ByteBuffer encoded = packet.toByteBuffer();
      if (header == null) {
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
      }
      encoded.position(WireFormat.SINGLE_OBJECT.headerBytes());
      return ByteBuffer.allocate(header.length + encoded.remaining())
          .put(header)
          .put(encoded)
          .array();
    } catch (IOException e) {
      throw new UncheckedIOException("nothing is written to but memory", e);
    }
  }
}
