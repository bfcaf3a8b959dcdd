package dev.ringtap.flink.table;

import dev.ringtap.flink.source.BadValues;
import dev.ringtap.record.BadValueException;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowRecords;
import dev.ringtap.record.SchemaLookup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;

/** Rows of a topic's flows: one of each value, of the columns that a query reads. */
final class FlowRows implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1;

  private final FlowColumn[] columns;
  private final LogicalType[] types;
  private final TypeInformation<RowData> type;
  private final @Nullable SchemaLookup registry;
  private final ArrayList<Schema> schemas;
  private final BadValues badValues;

  private transient FlowRecords records;

  /**
   * @param types those that the columns are declared with
   * @param type what a row is to Flink
   * @param registry of values that carry a schema's number, or null
   * @param schemas other versions, of values that carry a fingerprint
   */
  FlowRows(
      List<FlowColumn> columns,
      List<LogicalType> types,
      TypeInformation<RowData> type,
      @Nullable SchemaLookup registry,
      List<Schema> schemas,
      BadValues badValues) {
    this.columns = columns.toArray(FlowColumn[]::new);
    this.types = types.toArray(LogicalType[]::new);
    this.type = type;
    this.registry = registry;
    this.schemas = new ArrayList<>(schemas);
    this.badValues = badValues;
  }

  @Override
  public void open(InitializationContext context) {
    records = new FlowRecords(registry);
    schemas.forEach(records::addSchema);
    badValues.open(context.getMetricGroup());
  }

  /**
   * The row of a value; null of a tombstone, and of a value that is skipped.
   *
   * @throws IOException if the value cannot be read and is not to be skipped, or the registry does
   *     not answer
   */
  @Override
  public @Nullable RowData deserialize(byte @Nullable [] value) throws IOException {
    if (value == null) {
      return null;
    }
    try {
      return row(records.read(value), columns, types);
    } catch (BadValueException e) {
      badValues.skip(e);
      return null;
    }
  }

  /** A flow's row. */
  static RowData row(Flow flow, FlowColumn[] columns, LogicalType[] types) {
    GenericRowData row = new GenericRowData(columns.length);
    for (int i = 0; i < columns.length; i++) {
      row.setField(i, columns[i].value(flow, types[i]));
    }
    return row;
  }

  @Override
  public boolean isEndOfStream(RowData next) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }
}
