package dev.ringtap.flink.flow;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.flow.FlowFrame;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * Takes from each packet what flows need of it, and tells of losses in a side output, and before a
 * watermark how far each capture has come. Frames that are no IP packets end here.
 *
 * <p>An operator and not a function, because a function does not hear of the end.
 */
final class HeadersOperator extends AbstractStreamOperator<FlowPacket>
    implements OneInputStreamOperator<Packet, FlowPacket> {
  private static final long serialVersionUID = 1;

  /** Parts of a capture that are read at once; of more, the frame before a loss may be unknown. */
  private static final int MOST_PARTS = 64;

  /** In place of a sequence number, in the state: the time is the clock. */
  private static final long CLOCK = -1;

  private final OutputTag<CaptureNews> news;

  private transient FlowFrame frame;
  private transient Counter framesWithoutFlow;
  private transient ListState<Tuple3<String, Long, Long>> state;

  /** By name; see {@link CaptureNews#capture(CaptureId)}. */
  private transient Map<String, Followed> captures;

  private transient @Nullable CaptureId lastCapture;
  private transient String lastName;

  /** How far a capture has come. */
  private static final class Followed {
    /** The latest time, of whichever frame. */
    private long clock = Long.MIN_VALUE;

    private long toldClock = Long.MIN_VALUE;

    /** By sequence, the clock at the last frame of each part that is being read. */
    private final Map<Long, Long> ends = new LinkedHashMap<>();

    /** The clock before a frame, or the frame's own time if the one before it was not here. */
    long follow(long sequence, long nanos) {
      Long before = ends.remove(sequence - 1);
      if (before == null && ends.size() == MOST_PARTS) {
        ends.remove(ends.keySet().iterator().next());
      }
      ends.put(sequence, before == null ? nanos : Math.max(before, nanos));
      clock = Math.max(clock, nanos);
      return before == null ? nanos : before;
    }
  }

  HeadersOperator(OutputTag<CaptureNews> news) {
    this.news = news;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    state =
        context
            .getOperatorStateStore()
            .getUnionListState(
                new ListStateDescriptor<>(
                    "captures", Types.TUPLE(Types.STRING, Types.LONG, Types.LONG)));
    captures = new HashMap<>();
    for (Tuple3<String, Long, Long> each : state.get()) {
      Followed followed = captures.computeIfAbsent(each.f0, name -> new Followed());
      if (each.f1 == CLOCK) {
        followed.clock = Math.max(followed.clock, each.f2);
      } else {
        followed.ends.put(each.f1, each.f2);
      }
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    state.clear();
    for (Map.Entry<String, Followed> each : captures.entrySet()) {
      state.add(Tuple3.of(each.getKey(), CLOCK, each.getValue().clock));
      for (Map.Entry<Long, Long> end : each.getValue().ends.entrySet()) {
        state.add(Tuple3.of(each.getKey(), end.getKey(), end.getValue()));
      }
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    frame = new FlowFrame();
    lastName = "";
    framesWithoutFlow = getMetricGroup().addGroup("ringtap").counter("framesWithoutFlow");
  }

  @Override
  public void processElement(StreamRecord<Packet> element) {
    Packet packet = element.getValue();
    CaptureId capture = PacketFields.capture(packet);
    long nanos = PacketFields.timestampNanos(packet);
    follow(packet, capture, nanos);
    if (!FlowPacket.read(frame, packet).isIp()) {
      framesWithoutFlow.inc();
      return;
    }
    ByteBuffer payload = packet.getPayload();
    byte[] headers = new byte[Math.min(payload.remaining(), frame.headerBytes())];
    payload.get(payload.position(), headers);
    FlowPacket taken =
        new FlowPacket(
            frame.addressKey(),
            capture.host(),
            capture.interfaceName(),
            capture.startMicros(),
            capture.member(),
            packet.getSequence(),
            nanos,
            packet.getOriginalLength(),
            packet.getLinkType(),
            PacketFields.vlanTag(packet),
            headers);
    output.collect(element.replace(taken));
  }

  private void follow(Packet packet, CaptureId capture, long nanos) {
    if (!capture.equals(lastCapture)) {
      lastCapture = capture;
      lastName = CaptureNews.capture(capture);
    }
    long sequence = packet.getSequence();
    long previous =
        captures.computeIfAbsent(lastName, name -> new Followed()).follow(sequence, nanos);
    if (packet.getLostBefore() > 0) {
      tell(new CaptureNews(lastName, sequence, previous, nanos, packet.getLostBefore()));
    }
  }

  private void tell(CaptureNews told) {
    output.collect(news, new StreamRecord<>(told));
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    captures.forEach(
        (name, followed) -> {
          if (followed.clock > followed.toldClock) {
            followed.toldClock = followed.clock;
            tell(new CaptureNews(name, CLOCK, followed.clock, followed.clock, 0));
          }
        });
    super.processWatermark(mark);
  }
}
