package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.packet.PacketHeaders;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;

/** Rows of the columns that a query reads; headers are decoded only where one asks for them. */
final class RowDeserializer implements PacketDeserializer<RowData> {
  private static final long serialVersionUID = 1;

  private final PacketColumn[] columns;
  private final LogicalType[] types;
  private final boolean decodes;
  private final TypeInformation<RowData> type;

  private transient PacketColumn.Value[] values;
  private transient PacketHeaders headers;

  /**
   * @param types the types that the columns are declared with
   * @param type what a row is to Flink
   */
  RowDeserializer(
      List<PacketColumn> columns, List<LogicalType> types, TypeInformation<RowData> type) {
    this.columns = columns.toArray(PacketColumn[]::new);
    this.types = types.toArray(LogicalType[]::new);
    this.decodes = columns.stream().anyMatch(PacketColumn::needsHeaders);
    this.type = type;
  }

  @Override
  public void open() {
    headers = new PacketHeaders();
    values = new PacketColumn.Value[columns.length];
    for (int i = 0; i < columns.length; i++) {
      values[i] = columns[i].values(types[i]);
    }
  }

  @Override
  public RowData deserialize(Frame frame) {
    if (decodes) {
      headers.parse(frame);
    }
    GenericRowData row = new GenericRowData(values.length);
    for (int i = 0; i < values.length; i++) {
      row.setField(i, values[i].of(frame, headers));
    }
    return row;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }
}
