package dev.ringtap.flink.table;

import dev.ringtap.flink.source.BadValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Reads the packets of a topic, and writes them: {@code 'format' = 'ringtap'}. The columns are
 * those of a table of packets; a value gives a row for each packet that it holds, and a row a value
 * of one packet.
 */
public final class PacketFormatFactory
    implements DeserializationFormatFactory, SerializationFormatFactory {
  /** Whether values that cannot be read are skipped. */
  static final ConfigOption<Boolean> IGNORE_ERRORS =
      ConfigOptions.key("ignore-errors")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Skips values that hold no packets of a known schema, and counts them in the metric"
                  + " ringtap.badValues. By default, such a value fails the job.");

  /** For Flink. */
  public PacketFormatFactory() {}

  @Override
  public String factoryIdentifier() {
    return PacketTableOptions.IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(IGNORE_ERRORS);
  }

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    return new Decoding(options.get(IGNORE_ERRORS));
  }

  @Override
  public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    return new Encoding();
  }

  /** Columns of a table whose rows are packets; others are refused by name and type. */
  static List<PacketColumn> columns(RowType row) {
    List<PacketColumn> columns = new ArrayList<>();
    for (RowType.RowField field : row.getFields()) {
      columns.add(PacketColumn.of(field.getName(), field.getType()));
    }
    return columns;
  }

  private record Decoding(boolean skipsBadValues)
      implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
        DynamicTableSource.Context context, DataType physical, int[][] projections) {
      DataType read = Projection.of(projections).project(physical);
      RowType row = (RowType) read.getLogicalType();
      List<PacketColumn> columns = columns(row);
      RowDeserializer rows =
          new RowDeserializer(columns, row.getChildren(), context.createTypeInformation(read));
      return new TopicRows(columns, rows, null, new BadValues(skipsBadValues));
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }

  private record Encoding() implements EncodingFormat<SerializationSchema<RowData>> {
    @Override
    public SerializationSchema<RowData> createRuntimeEncoder(
        DynamicTableSink.Context context, DataType consumed) {
      RowType row = (RowType) consumed.getLogicalType();
      return new RowValues(columns(row), row.getChildren());
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }
}
