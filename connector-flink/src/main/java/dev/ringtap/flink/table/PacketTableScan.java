package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.flink.source.PacketFilter;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.flink.source.PacketSourceBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a table's definition says about a scan.
 *
 * @param capture what to capture, or null
 * @param paths files to read, or empty
 * @param columns the table's columns, in their order
 * @param options all options of the table
 * @param parallelism of the source, or null
 */
record PacketTableScan(
    @Nullable CaptureConfig capture,
    List<String> paths,
    List<PacketColumn> columns,
    ReadableConfig options,
    @Nullable Integer parallelism) {
  /**
   * Bytes of a frame that queries need which do not read its payload: Ethernet, tags, IPv4 with
   * options and TCP, or IPv6 with many extension headers.
   */
  static final int HEADERS_BYTES = 256;

  private static final Logger LOG = LoggerFactory.getLogger(PacketTableScan.class);

  boolean pushesDown() {
    return options.get(PacketTableOptions.PUSH_DOWN);
  }

  /**
   * The source of a query.
   *
   * @param read the columns that it reads
   * @param row the types that they are declared with
   * @param type what the elements are to Flink
   * @param predicate what the kernel shall decide, or null
   * @param limit frames that it needs at most
   * @param sourceWatermarks whether the source makes the watermarks
   */
  PacketSource<RowData> source(
      List<PacketColumn> read,
      RowType row,
      TypeInformation<RowData> type,
      @Nullable Predicate predicate,
      long limit,
      boolean sourceWatermarks) {
    ParsedHeaders parsed = new ParsedHeaders();
    PacketSourceBuilder<RowData> source =
        PacketSource.<RowData>builder()
            .deserializer(RowDeserializer.reusing(read, row.getChildren(), type, parsed));
    if (capture == null) {
      source.files(paths.stream().map(Path::of).toArray(Path[]::new));
      source.splitBytes(options.get(PacketTableOptions.SPLIT_SIZE).getBytes());
      hostName().ifPresent(source::hostName);
      if (readsHeadersOnly(read) && options.getOptional(PacketTableOptions.FILTER).isEmpty()) {
        source.fileSnapLength(HEADERS_BYTES);
      }
    } else {
      source.capture(cutToHeaders(capture, read));
    }
    if (sourceWatermarks) {
      source.sourceWatermarks();
    }
    if (options.get(PacketTableOptions.FOLLOW)) {
      source.follow();
    }
    options.getOptional(PacketTableOptions.DISCOVERY_INTERVAL).ifPresent(source::discoveryInterval);
    if (options.get(PacketTableOptions.FAIL_ON_LOST_HOST)) {
      source.failOnLostHost();
    }
    source.hostTimeout(options.get(PacketTableOptions.HOST_TIMEOUT));
    PacketFilter filter =
        options
            .getOptional(PacketTableOptions.FILTER)
            .map(PacketFilter::of)
            .orElse(PacketFilter.ALL);
    boolean numbered =
        read.contains(PacketColumn.SEQUENCE) || read.contains(PacketColumn.LOST_BEFORE);
    source.filter(
        predicate == null ? filter : new PredicateFilter(filter, predicate, parsed, !numbered));
    long least = Math.min(limit, options.getOptional(PacketTableOptions.LIMIT).orElse(limit));
    if (least != Long.MAX_VALUE) {
      source.limit(Math.max(1, least));
    }
    options.getOptional(PacketTableOptions.DURATION).ifPresent(source::duration);
    options.getOptional(PacketTableOptions.FANOUT_MEMBERS).ifPresent(source::fanoutMembers);
    return source.build();
  }

  /** About how many rows the table has; a negative number if that is not known. */
  long estimateRows() {
    if (capture != null
        || options.get(PacketTableOptions.FOLLOW)
        || Stream.of(
                PacketTableOptions.DISCOVERY_INTERVAL,
                PacketTableOptions.FILTER,
                PacketTableOptions.LIMIT)
            .anyMatch(each -> options.getOptional(each).isPresent())) {
      return -1;
    }
    try {
      return PacketSource.estimateFrames(paths.stream().map(Path::of).toList());
    } catch (IOException e) {
      LOG.warn("the rows of {} are not estimated: {}", paths, e.getMessage());
      return -1;
    }
  }

  private Optional<String> hostName() {
    ConfigOption<?> option = PacketTableOptions.capture().get(CaptureOption.HOST_NAME);
    return options.getOptional(option).map(Object::toString);
  }

  private boolean readsHeadersOnly(List<PacketColumn> read) {
    return pushesDown() && read.stream().noneMatch(PacketColumn::needsWholeFrame);
  }

  private CaptureConfig cutToHeaders(CaptureConfig whole, List<PacketColumn> read) {
    if (!readsHeadersOnly(read) || whole.snapLengthBytes() <= HEADERS_BYTES) {
      return whole;
    }
    return whole.toBuilder().set(CaptureOption.SNAP_LENGTH_BYTES, HEADERS_BYTES).build();
  }
}
