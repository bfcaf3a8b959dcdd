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
  static final String GROUP = "ringtap";
  private static final String SPLIT = "split";

  /** Flink keeps metrics until the job ends, and files may have any number of splits. */
  private static final int MOST_SPLITS = 100;

  private final MetricGroup group;
  private int splits;

  ReaderMetrics(SourceReaderMetricGroup reader, Collection<SplitContext> runs) {
    group = reader.addGroup(GROUP);
    reader.setPendingRecordsGauge(
        () -> runs.stream().mapToLong(run -> run.statistics().waiting()).sum());
  }

  /** Registers a split's gauges; of a reader that reads very many, those of the first ones. */
  void register(SplitContext run) {
    if (++splits > MOST_SPLITS) {
      return;
    }
    MetricGroup split = group.addGroup(SPLIT, run.split().splitId());
    for (PacketMetric metric : PacketMetric.values()) {
      split.gauge(metric.metricName(), (Gauge<Number>) () -> metric.of(run));
    }
  }
}
