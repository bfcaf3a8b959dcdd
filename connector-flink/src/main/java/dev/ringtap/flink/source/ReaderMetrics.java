package dev.ringtap.flink.source;

import java.util.Collection;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;

/**
 * What a reader tells of its splits: FLIP-33's pendingRecords, and the {@link PacketMetric}s of
 * each split under {@code ringtap.split.<id>}.
 */
final class ReaderMetrics {
  private static final String GROUP = "ringtap";
  private static final String SPLIT = "split";

  private final MetricGroup group;

  ReaderMetrics(SourceReaderMetricGroup reader, Collection<SplitRun> runs) {
    group = reader.addGroup(GROUP);
    reader.setPendingRecordsGauge(
        () -> runs.stream().mapToLong(run -> run.statistics().waiting()).sum());
  }

  void register(SplitRun run) {
    MetricGroup split = group.addGroup(SPLIT, run.split().splitId());
    for (PacketMetric metric : PacketMetric.values()) {
      split.gauge(metric.metricName(), (Gauge<Number>) () -> metric.of(run));
    }
  }
}
