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

  /** What is cut off the nanoseconds within a millisecond: 1, 10, 100 … 1,000,000. */
  private final int timestampUnitNanos;

  private final TypeInformation<RowData> type;

  private transient PacketHeaders headers;

  /**
   * @param timestampPrecision digits of a second that the timestamp column is declared with
   */
  RowDeserializer(
      List<PacketColumn> columns, int timestampPrecision, TypeInformation<RowData> type) {
    this.columns = columns.toArray(PacketColumn[]::new);
    this.decodes = columns.stream().anyMatch(each -> each.source() == PacketColumn.Source.HEADERS);
    this.timestampUnitNanos = (int) Math.pow(10, Math.min(6, 9 - timestampPrecision));
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
      Object value = columns[i].of(frame, headers);
      row.setField(i, columns[i] == PacketColumn.TIMESTAMP ? cut((TimestampData) value) : value);
    }
    return row;
  }

  private TimestampData cut(TimestampData time) {
    int nanos = time.getNanoOfMillisecond();
    return nanos % timestampUnitNanos == 0
        ? time
        : TimestampData.fromEpochMillis(time.getMillisecond(), nanos - nanos % timestampUnitNanos);
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }
}
