package dev.ringtap.flink.table;

import dev.ringtap.file.CaptureFileIndex;
import java.io.IOException;
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
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.format.FileBasedStatisticsReportableInputFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.plan.stats.TableStats;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and writes capture files on any of Flink's file systems: {@code 'connector' = 'filesystem',
 * 'format' = 'pcap'}. The columns are those of a table of packets.
 */
public final class PcapFormatFactory implements BulkReaderFormatFactory, BulkWriterFormatFactory {
  /** The format's name. */
  public static final String IDENTIFIER = "pcap";

  private static final Logger LOG = LoggerFactory.getLogger(PcapFormatFactory.class);

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
          FileBasedStatisticsReportableInputFormat,
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
    public TableStats reportStatistics(List<Path> files, DataType produced) {
      long rows = 0;
      for (Path file : files) {
        long ofFile = estimateRows(file);
        if (ofFile < 0) {
          return TableStats.UNKNOWN;
        }
        rows += ofFile;
      }
      return new TableStats(rows);
    }

    private static long estimateRows(Path file) {
      try {
        FileSystem files = file.getFileSystem();
        long bytes = files.getFileStatus(file).getLen();
        return CaptureFileIndex.estimateFrames(files.open(file), file.toString(), bytes);
      } catch (IOException e) {
        LOG.warn("the rows of {} are not estimated: {}", file, e.getMessage());
        return -1;
      }
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
