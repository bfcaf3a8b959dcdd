package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.flink.source.PacketDeserializer;
import dev.ringtap.packet.PacketHeaders;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;

/** Rows of the columns that a query reads; headers are decoded only where one asks for them. */
final class RowDeserializer implements PacketDeserializer<RowData> {
  private static final long serialVersionUID = 1;

  private final PacketColumn[] columns;
  private final boolean decodes;

  /** One of the last digit that the timestamp column shows: 1, 10, 100 … 1,000,000,000 ns. */
  private final long timestampUnitNanos;

  private final TypeInformation<RowData> type;

  private transient PacketHeaders headers;

  /**
   * @param timestampPrecision digits of a second that the timestamp column is declared with
   */
  RowDeserializer(
      List<PacketColumn> columns, int timestampPrecision, TypeInformation<RowData> type) {
    this.columns = columns.toArray(PacketColumn[]::new);
    this.decodes = columns.stream().anyMatch(each -> each.source() == PacketColumn.Source.HEADERS);
    this.timestampUnitNanos = (long) Math.pow(10, 9 - timestampPrecision);
    this.type = type;
  }

  @Override
  public void open() {
    headers = new PacketHeaders();
  }

  @Override
  public RowData deserialize(Frame frame) {
    if (decodes) {
      headers.parse(frame);
    }
    GenericRowData row = new GenericRowData(columns.length);
    for (int i = 0; i < columns.length; i++) {
      row.setField(
          i,
          columns[i] == PacketColumn.TIMESTAMP
              ? timestamp(frame.timestampNanos())
              : columns[i].of(frame, headers));
    }
    return row;
  }

  private TimestampData timestamp(long nanos) {
    return PacketColumn.timestamp(nanos - nanos % timestampUnitNanos);
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }
}
