package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.UserCodeClassLoader;

/** Where a schema registers {@code ringtap.badValues}, and no other metric. */
public record BadValuesCounter(Counter badValues)
    implements DeserializationSchema.InitializationContext {
  @Override
  public MetricGroup getMetricGroup() {
    return new UnregisteredMetricsGroup() {
      @Override
      public MetricGroup addGroup(String name) {
        assertThat(name).isEqualTo("ringtap");
        return this;
      }

      @Override
      public Counter counter(String name) {
        assertThat(name).isEqualTo("badValues");
        return badValues;
      }
    };
  }

  @Override
  public UserCodeClassLoader getUserCodeClassLoader() {
    throw new UnsupportedOperationException();
  }
}
