package dev.ringtap.flink.legacy;

import dev.ringtap.flink.source.PacketLoop;
import dev.ringtap.flink.source.PacketSource;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.legacy.RichParallelSourceFunction;

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

  private static final int FANOUT_GROUPS = 65_535;

  private final PacketSource<T> source;

  private transient ListState<byte[]> state;
  private transient List<byte[]> restored;
  private transient volatile PacketLoop<T> loop;
  private transient volatile boolean cancelled;

  /**
   * @param source what to read, and into which elements
   */
  public PacketSourceFunction(PacketSource<T> source) {
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
    restored = new ArrayList<>();
    state.get().forEach(restored::add);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    PacketLoop<T> running = loop;
    if (running != null) {
      state.update(running.snapshot());
    }
  }

  @Override
  public void run(SourceContext<T> context) throws Exception {
    Object lock = context.getCheckpointLock();
    synchronized (lock) {
      loop =
          PacketLoop.create(
              source,
              lock,
              InetAddress.getLocalHost().getHostName(),
              getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(),
              getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks(),
              1
                  + Math.floorMod(
                      getRuntimeContext().getJobInfo().getJobId().hashCode(), FANOUT_GROUPS),
              restored);
    }
    if (cancelled) {
      return;
    }
    Counter bytesIn =
        getRuntimeContext().getMetricGroup().getIOMetricGroup().getNumBytesInCounter();
    loop.run(bytesIn, context::collectWithTimestamp);
  }

  @Override
  public void cancel() {
    cancelled = true;
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
