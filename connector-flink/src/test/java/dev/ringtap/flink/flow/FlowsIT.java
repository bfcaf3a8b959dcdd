package dev.ringtap.flink.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flink.source.PacketRecordDeserializer;
import dev.ringtap.flink.source.PacketSource;
import dev.ringtap.flink.source.Restarts;
import dev.ringtap.record.Flow;
import dev.ringtap.record.Packet;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Flows of a job over a file are those of the agent, each once, whatever happens to the job. */
@Timeout(240)
class FlowsIT {
  private static final int FRAMES = Integer.getInteger("ringtap.frames", 30_000);
  private static final int KILLS = 10;

  private static final AtomicInteger KILLS_LEFT = new AtomicInteger();
  private static final AtomicLong SEEN = new AtomicLong();
  private static final Random RANDOM = new Random(20_261_129);
  private static final Map<Integer, List<String>> FOUND = new ConcurrentHashMap<>();
  private static volatile boolean killNow;

  @TempDir Path directory;

  private Path file;
  private List<Flow> expected;

  /** Lets the file last for all that is to happen, and dies now and then after a checkpoint. */
  private static final class Pace implements MapFunction<Packet, Packet>, CheckpointListener {
    private static final long serialVersionUID = 1;

    private int count;

    @Override
    public Packet map(Packet packet) throws Exception {
      SEEN.incrementAndGet();
      boolean waitsForKill = KILLS_LEFT.get() > 0 && count > FRAMES / KILLS / 4;
      if (++count % 20 == 0 || waitsForKill) {
        // the file must not end before the last kill, also where a checkpoint takes seconds
        Thread.sleep(waitsForKill && count > FRAMES / KILLS ? 5 : 1);
        if (killNow) {
          killNow = false;
          if (KILLS_LEFT.getAndDecrement() > 0) {
            throw new IllegalStateException("killed by the test");
          }
        }
      }
      return packet;
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      killNow |= KILLS_LEFT.get() > 0 && RANDOM.nextInt(3) > 0;
    }
  }

  /** Keeps in its state which flows came. */
  private static final class Register extends RichFlatMapFunction<Flow, Integer>
      implements CheckpointedFunction {
    private static final long serialVersionUID = 1;

    private transient List<String> found;
    private transient ListState<String> state;

    @Override
    public void flatMap(Flow flow, Collector<Integer> out) {
      found.add(name(flow));
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      state.update(found);
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      state =
          context
              .getOperatorStateStore()
              .getListState(new ListStateDescriptor<>("found", Types.STRING));
      found = new ArrayList<>();
      state.get().forEach(found::add);
      FOUND.put(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(), found);
    }
  }

  /** Short, so that checkpoints are. */
  private static String name(Flow flow) {
    return UUID.nameUUIDFromBytes(flow.toString().getBytes(StandardCharsets.UTF_8)).toString();
  }

  @BeforeEach
  void makeFile() throws Exception {
    file = FlowCapture.write(directory.resolve("trace.pcapng"), FRAMES);
    expected = FlowCapture.flows(file);
    assertThat(expected).hasSizeGreaterThan(1000);
    FOUND.clear();
    SEEN.set(0);
    KILLS_LEFT.set(0);
    killNow = false;
  }

  private JobClient start(int parallelism, String savepoint) throws Exception {
    return start(parallelism, savepoint, Map.of());
  }

  private JobClient start(int parallelism, String savepoint, Map<String, String> settings)
      throws Exception {
    FOUND.clear();
    Configuration configuration = Restarts.of(KILLS, directory.resolve("state"));
    settings.forEach(configuration::setString);
    configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    if (savepoint != null) {
      configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    }
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
    env.enableCheckpointing(50);
    PacketSource<Packet> source =
        PacketSource.<Packet>builder()
            .files(file)
            .splitBytes(Files.size(file) / 7)
            .deserializer(new PacketRecordDeserializer())
            .build();
    Flows.of(
            env.fromSource(source, WatermarkStrategy.forMonotonousTimestamps(), "file")
                .uid("file")
                .map(new Pace())
                .returns(TypeInformation.of(Packet.class))
                .uid("pace"))
        .flatMap(new Register())
        .returns(Types.INT)
        .uid("register")
        .sinkTo(new DiscardingSink<>())
        .uid("sink");
    return env.executeAsync();
  }

  private static void await(JobClient job) throws Exception {
    job.getJobExecutionResult().get(200, TimeUnit.SECONDS);
  }

  /** Stops a job when it has read so many more packets. */
  private String stopAfter(JobClient job, int packets) throws Exception {
    long until = SEEN.get() + packets;
    while (SEEN.get() < until) {
      Thread.sleep(5);
    }
    return job.stopWithSavepoint(
            false,
            directory.resolve("savepoints").toUri().toString(),
            SavepointFormatType.CANONICAL)
        .get(100, TimeUnit.SECONDS);
  }

  private void assertFound() {
    List<String> found = new ArrayList<>();
    FOUND.values().forEach(found::addAll);
    Map<String, Integer> counts = new HashMap<>();
    found.forEach(each -> counts.merge(each, 1, Integer::sum));
    List<Flow> missing = new ArrayList<>(expected);
    missing.removeIf(each -> counts.merge(name(each), -1, Integer::sum) >= 0);
    assertThat(missing.stream().limit(3))
        .as("%d flows of %d are not found; %d found", missing.size(), expected.size(), found.size())
        .isEmpty();
    assertThat(found).hasSameSizeAs(expected);
    System.out.println(FRAMES + " frames: " + found.size() + " flows, each once");
  }

  @Test
  void flowsOfOneReaderAreTheAgents() throws Exception {
    await(start(1, null));
    assertFound();
  }

  @Test
  void flowsAreTheAgentsThoughTheJobIsKilledTenTimes() throws Exception {
    KILLS_LEFT.set(KILLS);
    await(start(2, null));
    assertThat(KILLS_LEFT.get()).isLessThanOrEqualTo(0);
    assertFound();
  }

  /** By RocksDB, what is read from the state is a copy. */
  @ParameterizedTest
  @ValueSource(strings = {"hashmap", "rocksdb"})
  void flowsAreTheAgentsThoughTheJobIsRescaled(String backend) throws Exception {
    Map<String, String> settings = Map.of(StateBackendOptions.STATE_BACKEND.key(), backend);
    String one = stopAfter(start(1, null, settings), FRAMES / 4);
    String two = stopAfter(start(2, one, settings), FRAMES / 4);
    await(start(1, two, settings));
    assertFound();
  }

  @Test
  void flowsOfABatchJobAreTheAgents() throws Exception {
    await(start(2, null, Map.of(ExecutionOptions.RUNTIME_MODE.key(), "BATCH")));
    assertFound();
  }
}
