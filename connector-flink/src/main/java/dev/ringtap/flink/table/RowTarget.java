package dev.ringtap.flink.table;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.writer.BinaryRowWriter;

/** Takes the fields of a row, in order. */
interface RowTarget {
  /** Starts a row. */
  void start();

  void setNull(int at);

  void setBoolean(int at, boolean value);

  void setInt(int at, int value);

  void setLong(int at, long value);

  /**
   * Sets a text.
   *
   * @param value may be in other rows too
   */
  void setText(int at, StringData value);

  void setTimestamp(int at, TimestampData value, int digits);

  /**
   * Sets bytes.
   *
   * @param value belongs to the row from now on
   */
  void setBytes(int at, byte[] value);

  /** The row, with all of its fields. */
  RowData finish();

  /** One row in Flink's binary form, written again for each frame. */
  final class Binary implements RowTarget {
    private final BinaryRowData row;
    private final BinaryRowWriter writer;

    Binary(int fields) {
      row = new BinaryRowData(fields);
      writer = new BinaryRowWriter(row);
    }

    @Override
    public void start() {
      writer.reset();
    }

    @Override
    public void setNull(int at) {
      writer.setNullAt(at);
    }

    @Override
    public void setBoolean(int at, boolean value) {
      writer.writeBoolean(at, value);
    }

    @Override
    public void setInt(int at, int value) {
      writer.writeInt(at, value);
    }

    @Override
    public void setLong(int at, long value) {
      writer.writeLong(at, value);
    }

    @Override
    public void setText(int at, StringData value) {
      writer.writeString(at, value);
    }

    @Override
    public void setTimestamp(int at, TimestampData value, int digits) {
      writer.writeTimestamp(at, value, digits);
    }

    @Override
    public void setBytes(int at, byte[] value) {
      writer.writeBinary(at, value);
    }

    @Override
    public RowData finish() {
      writer.complete();
      return row;
    }
  }

  /**
   * A row of objects for each frame, for connectors that keep rows or take no others: Kafka's casts
   * them to GenericRowData if the table has metadata columns.
   */
  final class Generic implements RowTarget {
    private final int fields;
    private GenericRowData row;

    Generic(int fields) {
      this.fields = fields;
      row = new GenericRowData(fields);
    }

    @Override
    public void start() {
      row = new GenericRowData(fields);
    }

    @Override
    public void setNull(int at) {
      row.setField(at, null);
    }

    @Override
    public void setBoolean(int at, boolean value) {
      row.setField(at, value);
    }

    @Override
    public void setInt(int at, int value) {
      row.setField(at, value);
    }

    @Override
    public void setLong(int at, long value) {
      row.setField(at, value);
    }

    @Override
    public void setText(int at, StringData value) {
      row.setField(at, value);
    }

    @Override
    public void setTimestamp(int at, TimestampData value, int digits) {
      row.setField(at, value);
    }

    @Override
    public void setBytes(int at, byte[] value) {
      row.setField(at, value);
    }

    @Override
    public RowData finish() {
      return row;
    }
  }
}
