package dev.ringtap.flink.flow;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowFrame;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.StoredFlows;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReadOnlyBroadcastState;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.co.KeyedBroadcastProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Counts the packets of two addresses in flows. Packets wait until the watermark passes them, and
 * are counted in the order of their capture; then flows end that have timed out.
 */
final class FlowFunction
    extends KeyedBroadcastProcessFunction<Long, FlowPacket, CaptureNews, Flow> {
  private static final long serialVersionUID = 1;

  static final MapStateDescriptor<String, CaptureLosses> LOSSES =
      new MapStateDescriptor<>("losses", Types.STRING, TypeInformation.of(CaptureLosses.class));

  private final Duration idle;
  private final Duration active;

  private transient ListState<FlowPacket> waiting;

  /** Watermarks, in ms, at which the first packet is counted and the first flow may end. */
  private transient ValueState<Tuple2<Long, Long>> due;

  private transient StoredFlows.Stores stores;
  private transient StoredFlows flows;
  private transient FlowFrame frame;

  @SuppressWarnings("NullAway.Init") // of the call at hand: onTimer() sets it first
  private transient ReadOnlyBroadcastState<String, CaptureLosses> losses;

  @SuppressWarnings("NullAway.Init") // likewise
  private transient Collector<Flow> out;

  FlowFunction(Duration idle, Duration active) {
    this.idle = idle;
    this.active = active;
  }

  @Override
  public void open(OpenContext context) {
    waiting =
        getRuntimeContext()
            .getListState(
                new ListStateDescriptor<>("waiting", TypeInformation.of(FlowPacket.class)));
    due =
        getRuntimeContext()
            .getState(new ValueStateDescriptor<>("due", Types.TUPLE(Types.LONG, Types.LONG)));
    stores = new StoredFlows.Stores(store("flows"), store("datagrams"));
    flows = new StoredFlows(new FlowLimits(1, idle, active), this::known, this::export);
    frame = new FlowFrame();
  }

  private StoredFlows.Store store(String name) {
    MapState<String, byte[]> state =
        getRuntimeContext()
            .getMapState(
                new MapStateDescriptor<>(
                    name, Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    return new MapStore(state);
  }

  private CaptureLosses known(CaptureId capture) {
    try {
      CaptureLosses known = losses.get(CaptureNews.capture(capture));
      return known == null ? CaptureLosses.UNKNOWN : known;
    } catch (Exception e) {
      throw new IllegalStateException("cannot read the losses of " + capture, e);
    }
  }

  private void export(Biflow flow) {
    out.collect(FlowFields.flow(flow));
  }

  @Override
  public void processElement(FlowPacket packet, ReadOnlyContext context, Collector<Flow> to)
      throws Exception {
    waiting.add(packet);
    long millis = FlowTime.millis(packet.timestampNanos());
    Tuple2<Long, Long> before = due.value();
    if (before == null || millis < before.f0) {
      due.update(Tuple2.of(millis, before == null ? Long.MAX_VALUE : before.f1));
      context.timerService().registerEventTimeTimer(millis);
    }
  }

  @Override
  public void processBroadcastElement(CaptureNews news, Context context, Collector<Flow> to)
      throws Exception {
    BroadcastState<String, CaptureLosses> state = context.getBroadcastState(LOSSES);
    CaptureLosses known = state.get(news.capture());
    long settledNanos = FlowTime.lastNanos(context.currentWatermark()) - idle.toNanos();
    state.put(
        news.capture(), (known == null ? CaptureLosses.UNKNOWN : known).with(news, settledNanos));
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<Flow> to) throws Exception {
    losses = context.getBroadcastState(LOSSES);
    out = to;
    long watermark = context.timerService().currentWatermark();
    Tuple2<Long, Long> now = due.value();
    if (now == null || now.f0 > watermark && now.f1 > watermark) {
      return;
    }
    long packetsDue = now.f0;
    long flowsDue = now.f1;
    if (packetsDue <= watermark) {
      List<FlowPacket> later = new ArrayList<>();
      flowsDue = Math.min(flowsDue, count(watermark, later));
      packetsDue = Long.MAX_VALUE;
      for (FlowPacket each : later) {
        packetsDue = Math.min(packetsDue, FlowTime.millis(each.timestampNanos()));
      }
    }
    if (watermark == Long.MAX_VALUE) {
      flows.endAll(stores);
      flowsDue = Long.MAX_VALUE;
    } else if (flowsDue <= watermark) {
      flowsDue = FlowTime.millis(flows.advance(FlowTime.lastNanos(watermark), stores));
    }
    long next = Math.min(packetsDue, flowsDue);
    if (next == Long.MAX_VALUE) {
      due.clear();
    } else {
      due.update(Tuple2.of(packetsDue, flowsDue));
      context.timerService().registerEventTimeTimer(FlowTime.timer(next, watermark));
    }
  }

  /**
   * Counts the packets that the watermark has passed.
   *
   * @param later gets the others, which go on waiting
   * @return when the first of their flows may end, in ms
   */
  private long count(long watermark, List<FlowPacket> later) throws Exception {
    List<FlowPacket> passed = new ArrayList<>();
    long until = FlowTime.lastNanos(watermark);
    for (FlowPacket each : waiting.get()) {
      (each.timestampNanos() <= until ? passed : later).add(each);
    }
    waiting.update(later);
    passed.sort(Comparator.comparingLong(FlowPacket::sequence));
    long first = Long.MAX_VALUE;
    for (FlowPacket each : passed) {
      first = Math.min(first, flows.count(each.readInto(frame), each.sequence(), stores));
    }
    return FlowTime.millis(first);
  }

  /** Flows in Flink's state. */
  private record MapStore(MapState<String, byte[]> state) implements StoredFlows.Store {
    @Override
    public byte @Nullable [] get(String name) throws Exception {
      return state.get(name);
    }

    @Override
    public void put(String name, byte[] bytes) throws Exception {
      state.put(name, bytes);
    }

    @Override
    public void remove(String name) throws Exception {
      state.remove(name);
    }

    @Override
    public Iterable<Map.Entry<String, byte[]>> entries() throws Exception {
      return state.entries();
    }
  }
}
