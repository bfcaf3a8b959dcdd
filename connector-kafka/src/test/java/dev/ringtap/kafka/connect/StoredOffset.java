package dev.ringtap.kafka.connect;

import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/** What a worker gives a task, as far as it asks: the same offset for each partition. */
final class StoredOffset implements SourceTaskContext, OffsetStorageReader {
  private final Map<String, ?> offset;

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
    throw new UnsupportedOperationException();
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
