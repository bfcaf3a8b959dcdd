package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.flink.source.BadValues;
import dev.ringtap.record.BadValueException;
import dev.ringtap.record.RecordFrames;
import dev.ringtap.record.SchemaLookup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a topic's values: one of each packet, of the columns that a query reads. The rows are
 * made as those of a live table; a query without the payload does not copy it.
 */
final class TopicRows implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1;

  private final RowDeserializer rows;
  private final @Nullable SchemaLookup registry;
  private final ArrayList<Schema> schemas;
  private final BadValues badValues;
  private final int mostBytes;

  private transient RecordFrames frames;

  /**
   * @param columns those that the query reads
   * @param registry of values that carry a schema's number, or null
   * @param schemas other versions, of values that carry a fingerprint
   */
  TopicRows(
      List<PacketColumn> columns,
      RowDeserializer rows,
      @Nullable SchemaLookup registry,
      List<Schema> schemas,
      BadValues badValues) {
    this.rows = rows;
    this.registry = registry;
    this.schemas = new ArrayList<>(schemas);
    this.badValues = badValues;
    this.mostBytes =
        columns.stream().anyMatch(PacketColumn::needsWholeFrame)
            ? CaptureOption.MAX_SNAP_LENGTH_BYTES
            : PacketTableScan.HEADERS_BYTES;
  }

  @Override
  public void open(InitializationContext context) {
    rows.open();
    frames = new RecordFrames(registry, mostBytes);
    schemas.forEach(frames::addSchema);
    badValues.open(context.getMetricGroup());
  }

  /**
   * Emits a value's rows, in order. A record without a value, a tombstone, has none.
   *
   * @throws IOException if the value cannot be read and is not to be skipped, or the registry does
   *     not answer
   */
  @Override
  public void deserialize(byte @Nullable [] value, Collector<RowData> out) throws IOException {
    if (value == null) {
      return;
    }
    read(value, out::collect);
  }

  /** Whether the value was read; otherwise it is skipped. */
  private boolean read(byte[] value, Consumer<RowData> out) throws IOException {
    try {
      frames.read(value, frame -> out.accept(rows.deserialize(frame)));
      return true;
    } catch (BadValueException e) {
      badValues.skip(e);
      return false;
    }
  }

  /**
   * The row of a value that holds one, or null if it is skipped.
   *
   * @throws IOException if it holds another number of them
   */
  @Override
  public @Nullable RowData deserialize(byte[] value) throws IOException {
    List<RowData> all = new ArrayList<>();
    if (!read(value, all::add)) {
      return null;
    }
    if (all.size() != 1) {
      throw new IOException(
          "the value has " + all.size() + " packets: this connector takes one row of a value");
    }
    return all.get(0);
  }

  @Override
  public boolean isEndOfStream(RowData next) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return rows.getProducedType();
  }
}
