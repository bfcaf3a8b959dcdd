package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.BatchExecutionOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.core.execution.JobStatusChangedEvent;
import org.apache.flink.core.execution.JobStatusChangedListener;
import org.apache.flink.core.execution.JobStatusChangedListenerFactory;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.lineage.LineageDataset;
import org.apache.flink.streaming.api.lineage.LineageGraph;
import org.apache.flink.streaming.runtime.execution.JobCreatedEvent;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Flink takes from the source of a batch job: its parallelism and its lineage. */
@Timeout(120)
class BatchJobIT {
  private static final BlockingQueue<Integer> SUBTASKS = new LinkedBlockingQueue<>();
  private static final BlockingQueue<LineageGraph> LINEAGES = new LinkedBlockingQueue<>();

  @TempDir Path directory;

  private static Configuration config() {
    return new Configuration()
        .set(ExecutionOptions.RUNTIME_MODE, RuntimeExecutionMode.BATCH)
        .set(BatchExecutionOptions.ADAPTIVE_AUTO_PARALLELISM_MAX_PARALLELISM, 8);
  }

  @Test
  void thereAreAsManyReadersAsSplits() throws Exception {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), 1_000, 1_000);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config());
    PacketSource<byte[]> source =
        PacketSource.<byte[]>builder()
            .deserializer(new AvroBytesDeserializer())
            .files(file)
            .splitBytes(400_000)
            .build();
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "packets")
        .map(new CountSubtasks())
        .sinkTo(new DiscardingSink<>());
    env.execute();
    assertThat(SUBTASKS).containsExactly(3, 3, 3);
  }

  private static final class CountSubtasks extends RichMapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    @Override
    public void open(OpenContext context) {
      SUBTASKS.add(getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks());
    }

    @Override
    public byte[] map(byte[] value) {
      return value;
    }
  }

  @Test
  void aListenerGetsTheLineageOfASqlJob() throws Exception {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), 10, 100);
    Configuration config = config();
    config.setString(
        DeploymentOptions.JOB_STATUS_CHANGED_LISTENERS.key(), ListenerFactory.class.getName());
    TableEnvironment tables = TableEnvironment.create(config);
    tables.executeSql(
        "CREATE TABLE packets (payload BYTES) WITH ('connector' = 'ringtap', 'path' = '"
            + file
            + "')");
    tables.executeSql("CREATE TABLE nothing (payload BYTES) WITH ('connector' = 'blackhole')");
    tables.executeSql("INSERT INTO nothing SELECT payload FROM packets").await();
    LineageGraph lineage = LINEAGES.poll(60, TimeUnit.SECONDS);
    assertThat(lineage.sources())
        .flatMap(source -> source.datasets())
        .extracting(LineageDataset::name)
        .containsExactly("default_catalog.default_database.packets");
  }

  /** For Flink. */
  public static final class ListenerFactory implements JobStatusChangedListenerFactory {
    @Override
    public JobStatusChangedListener createListener(Context context) {
      return ListenerFactory::created;
    }

    private static void created(JobStatusChangedEvent event) {
      if (event instanceof JobCreatedEvent created) {
        LINEAGES.add(created.lineageGraph());
      }
    }
  }
}
