package dev.ringtap.flink.legacy;

import dev.ringtap.flink.source.HostName;
import dev.ringtap.flink.source.PacketLoop;
import dev.ringtap.flink.source.PacketSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.runtime.taskmanager.TaskManagerRuntimeInfo;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.legacy.RichParallelSourceFunction;
import org.apache.flink.streaming.api.operators.StreamingRuntimeContext;

/**
 * A {@link PacketSource} as a SourceFunction, for jobs that still use {@code env.addSource}: same
 * options, same records, same readers, parallel.
 *
 * <pre>{@code
 * env.addSource(new PacketSourceFunction<>(PacketSource.<Packet>builder()...build()));
 * }</pre>
 *
 * <p>It has no enumerator: subtask n is fanout member n of its host's interfaces, files are dealt
 * out by their order. It has no watermarks per split, no alignment and no metrics per split.
 *
 * @param <T> element of the stream
 * @deprecated Flink has deprecated SourceFunction: give the {@link PacketSource} itself to {@code
 *     env.fromSource}.
 */
@Deprecated
public final class PacketSourceFunction<T> extends RichParallelSourceFunction<T>
    implements CheckpointedFunction, ResultTypeQueryable<T> {
  private static final long serialVersionUID = 1;

  private final PacketSource<T> source;

  private transient ListState<byte[]> state;
  private transient volatile PacketLoop<T> loop;

  /**
   * @param source what to read, and into which elements
   * @throws IllegalArgumentException if it discovers files
   */
  public PacketSourceFunction(PacketSource<T> source) {
    PacketLoop.requireReadable(source);
    this.source = source;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    state =
        context
            .getOperatorStateStore()
            .getUnionListState(
                new ListStateDescriptor<>(
                    "ringtap-splits", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    List<byte[]> restored = new ArrayList<>();
    state.get().forEach(restored::add);
    StreamingRuntimeContext runtime = (StreamingRuntimeContext) getRuntimeContext();
    TaskManagerRuntimeInfo taskManager = runtime.getTaskManagerRuntimeInfo();
    TaskInfo task = runtime.getTaskInfo();
    loop =
        PacketLoop.create(
            source,
            HostName.of(
                taskManager.getConfiguration(), taskManager.getTaskManagerExternalAddress()),
            task.getIndexOfThisSubtask(),
            task.getNumberOfParallelSubtasks(),
            Objects.hash(runtime.getJobInfo().getJobId(), runtime.getOperatorUniqueID()),
            restored);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    state.update(loop.snapshot());
  }

  @Override
  public void run(SourceContext<T> context) throws Exception {
    Counter bytesIn =
        getRuntimeContext().getMetricGroup().getIOMetricGroup().getNumBytesInCounter();
    loop.run(context.getCheckpointLock(), bytesIn, context::collectWithTimestamp);
  }

  @Override
  public void cancel() {
    PacketLoop<T> running = loop;
    if (running != null) {
      running.stop();
    }
  }

  @Override
  public TypeInformation<T> getProducedType() {
    return source.getProducedType();
  }
}
