package dev.ringtap.flink.table;

import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.table.factories.BulkReaderFormatFactory;
import org.apache.flink.connector.file.table.factories.BulkWriterFormatFactory;
import org.apache.flink.connector.file.table.format.BulkDecodingFormat;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Reads and writes capture files on any of Flink's file systems: {@code 'connector' = 'filesystem',
 * 'format' = 'pcap'}. The columns are those of a table of packets.
 */
public final class PcapFormatFactory implements BulkReaderFormatFactory, BulkWriterFormatFactory {
  /** The format's name. */
  public static final String IDENTIFIER = "pcap";

  /** For Flink. */
  public PcapFormatFactory() {}

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public BulkDecodingFormat<RowData> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    return new Decoding();
  }

  @Override
  public EncodingFormat<BulkWriter.Factory<RowData>> createEncodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    return new Encoding();
  }

  private static final class Decoding
      implements BulkDecodingFormat<RowData>,
          ProjectableDecodingFormat<BulkFormat<RowData, FileSourceSplit>> {
    @Override
    public BulkFormat<RowData, FileSourceSplit> createRuntimeDecoder(
        DynamicTableSource.Context context, DataType physical, int[][] projections) {
      DataType read = Projection.of(projections).project(physical);
      RowType row = (RowType) read.getLogicalType();
      List<PacketColumn> columns = PacketFormatFactory.columns(row);
      return new PcapFormat(columns, row.getChildren(), context.createTypeInformation(read));
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }

  private static final class Encoding implements EncodingFormat<BulkWriter.Factory<RowData>> {
    @Override
    public BulkWriter.Factory<RowData> createRuntimeEncoder(
        DynamicTableSink.Context context, DataType consumed) {
      RowType row = (RowType) consumed.getLogicalType();
      RowPackets packets = new RowPackets(PacketFormatFactory.columns(row), row.getChildren());
      return out -> new PcapRowWriter(out, packets);
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.insertOnly();
    }
  }
}
