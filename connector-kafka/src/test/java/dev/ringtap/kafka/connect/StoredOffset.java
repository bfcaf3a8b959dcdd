package dev.ringtap.kafka.connect;

import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.metrics.internals.PluginMetricsImpl;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/** What a worker gives a task: the same offset for each partition, and metrics. */
final class StoredOffset implements SourceTaskContext, OffsetStorageReader {
  private final Map<String, ?> offset;
  private final Metrics metrics = new Metrics();
  private final PluginMetrics pluginMetrics = new PluginMetricsImpl(metrics, Map.of());

  /** Before Kafka 4.1, a worker has no such method. */
  boolean hasPluginMetrics = true;

  StoredOffset(Map<String, ?> offset) {
    this.offset = offset;
  }

  @Override
  public Map<String, String> configs() {
    return Map.of();
  }

  @Override
  public OffsetStorageReader offsetStorageReader() {
    return this;
  }

  @Override
  public PluginMetrics pluginMetrics() {
    if (!hasPluginMetrics) {
      throw new NoSuchMethodError("pluginMetrics");
    }
    return pluginMetrics;
  }

  /** What the worker shows. */
  Map<String, Object> counts() {
    return metrics.metrics().values().stream()
        .filter(metric -> metric.metricName().group().equals("plugins"))
        .collect(Collectors.toMap(metric -> metric.metricName().name(), Metric::metricValue));
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> Map<String, Object> offset(Map<String, T> partition) {
    return (Map<String, Object>) offset;
  }

  @Override
  public <T> Map<Map<String, T>, Map<String, Object>> offsets(
      Collection<Map<String, T>> partitions) {
    return partitions.stream().collect(Collectors.toMap(each -> each, this::offset));
  }
}
