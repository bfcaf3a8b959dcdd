package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.packet.PacketHeaders;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;

/** Rows of the columns that a query reads; headers are decoded only where one asks for them. */
final class RowDeserializer implements PacketDeserializer<RowData> {
  private static final long serialVersionUID = 1;

  private final PacketColumn[] columns;

  /** Of a second, where the column is a timestamp. */
  private final int[] digits;

  private final boolean reuse;
  private final ParsedHeaders parsed;
  private final boolean decodes;
  private final TypeInformation<RowData> type;

  private transient ColumnValues values;
  private transient RowTarget target;

  private RowDeserializer(
      List<PacketColumn> columns,
      List<LogicalType> types,
      TypeInformation<RowData> type,
      ParsedHeaders parsed,
      boolean reuse) {
    this.columns = columns.toArray(PacketColumn[]::new);
    this.digits =
        types.stream()
            .mapToInt(
                each -> each instanceof LocalZonedTimestampType time ? time.getPrecision() : 0)
            .toArray();
    this.decodes = columns.stream().anyMatch(PacketColumn::needsHeaders);
    this.type = type;
    this.parsed = parsed;
    this.reuse = reuse;
  }

  /**
   * Rows of their own.
   *
   * @param types the types that the columns are declared with
   * @param type what a row is to Flink
   */
  RowDeserializer(
      List<PacketColumn> columns, List<LogicalType> types, TypeInformation<RowData> type) {
    this(columns, types, type, new ParsedHeaders(), false);
  }

  /**
   * One row, which shows the next frame at the next call: Flink's operators copy what they keep.
   *
   * @param parsed shared with the predicate of the same query
   */
  static RowDeserializer reusing(
      List<PacketColumn> columns,
      List<LogicalType> types,
      TypeInformation<RowData> type,
      ParsedHeaders parsed) {
    return new RowDeserializer(columns, types, type, parsed, true);
  }

  @Override
  public void open() {
    values = new ColumnValues();
    target = reuse ? new RowTarget.Binary(columns.length) : new RowTarget.Generic(columns.length);
  }

  @Override
  public RowData deserialize(Frame frame) {
    PacketHeaders headers = decodes ? parsed.last(frame) : parsed.headers();
    RowTarget row = target;
    row.start();
    for (int i = 0; i < columns.length; i++) {
      values.write(columns[i], frame, headers, row, i, digits[i]);
    }
    return row.finish();
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }
}
