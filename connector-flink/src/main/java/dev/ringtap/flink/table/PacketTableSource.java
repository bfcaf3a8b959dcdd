package dev.ringtap.flink.table;

import dev.ringtap.flink.source.PacketSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsFilterPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsLimitPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsSourceWatermark;
import org.apache.flink.table.connector.source.abilities.SupportsStatisticReport;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.plan.stats.TableStats;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.jspecify.annotations.Nullable;

/** A table of packets as the planner sees it: it takes over what the kernel can do. */
final class PacketTableSource
    implements ScanTableSource,
        SupportsFilterPushDown,
        SupportsProjectionPushDown,
        SupportsLimitPushDown,
        SupportsSourceWatermark,
        SupportsStatisticReport,
        SupportsWatermarkPushDown {
  private final PacketTableScan scan;

  private DataType producedType;
  private List<PacketColumn> read;
  private @Nullable Predicate predicate;
  private long limit = Long.MAX_VALUE;
  private WatermarkStrategy<RowData> watermarks = WatermarkStrategy.noWatermarks();
  private boolean sourceWatermarks;

  PacketTableSource(PacketTableScan scan, DataType producedType) {
    this.scan = scan;
    this.producedType = producedType;
    this.read = scan.columns();
  }

  @Override
  public Result applyFilters(List<ResolvedExpression> filters) {
    List<ResolvedExpression> accepted = new ArrayList<>();
    List<ResolvedExpression> remaining = new ArrayList<>();
    List<Predicate> predicates = new ArrayList<>();
    for (ResolvedExpression filter : filters) {
      Optional<Predicate> compiled =
          scan.pushesDown() ? PredicateCompiler.compile(filter) : Optional.empty();
      if (compiled.isPresent()) {
        accepted.add(filter);
        predicates.add(compiled.get());
      }
      // in a file the reader decides as Flink would, in the kernel some frames are let through
      boolean decided =
          compiled.isPresent() && (scan.capture() == null || compiled.get().isExact());
      if (!decided) {
        remaining.add(filter);
      }
    }
    predicate = predicates.isEmpty() ? null : new JoinedPredicate(true, predicates);
    return Result.of(accepted, remaining);
  }

  @Override
  public boolean supportsNestedProjection() {
    return false;
  }

  @Override
  public void applyProjection(int[][] projectedFields, DataType type) {
    List<PacketColumn> projected = new ArrayList<>();
    for (int[] field : projectedFields) {
      projected.add(scan.columns().get(field[0]));
    }
    read = projected;
    producedType = type;
  }

  @Override
  public void applyLimit(long frames) {
    limit = scan.pushesDown() ? frames : Long.MAX_VALUE;
  }

  @Override
  public void applyWatermark(WatermarkStrategy<RowData> strategy) {
    watermarks = strategy;
  }

  @Override
  public void applySourceWatermark() {
    sourceWatermarks = true;
  }

  @Override
  public TableStats reportStatistics() {
    long rows = predicate == null ? scan.estimateRows() : -1;
    return rows < 0 ? TableStats.UNKNOWN : new TableStats(Math.min(rows, limit));
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    PacketSource<RowData> source =
        scan.source(
            read,
            (RowType) producedType.getLogicalType(),
            context.createTypeInformation(producedType),
            predicate,
            limit,
            sourceWatermarks);
    String name = asSummaryString();
    return new DataStreamScanProvider() {
      @Override
      public DataStream<RowData> produceDataStream(
          ProviderContext provider, StreamExecutionEnvironment env) {
        DataStreamSource<RowData> stream = env.fromSource(source, watermarks, name);
        provider.generateUid(PacketTableOptions.IDENTIFIER).ifPresent(stream::uid);
        return stream;
      }

      @Override
      public boolean isBounded() {
        return source.getBoundedness() == Boundedness.BOUNDED;
      }

      @Override
      public Optional<Integer> getParallelism() {
        return Optional.ofNullable(scan.parallelism());
      }
    };
  }

  @Override
  public DynamicTableSource copy() {
    PacketTableSource copy = new PacketTableSource(scan, producedType);
    copy.read = read;
    copy.predicate = predicate;
    copy.limit = limit;
    copy.watermarks = watermarks;
    copy.sourceWatermarks = sourceWatermarks;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return scan.capture() == null
        ? "ringtap " + String.join(";", scan.paths())
        : "ringtap " + scan.capture().interfaceName();
  }
}
