package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.LiveCapture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Knows where the frames of one capture are: {@link #counts} meanwhile, {@link #ledger} at the end.
 */
final class FrameAccount {
  private final String name;
  private final List<PacketPump> pumps;
  private final Delivery delivery;

  /** Null where no flows are sent; the same as {@link #delivery} where these are sent alone. */
  private final @Nullable Delivery flows;

  /** Null if no Kafka is asked for. */
  private final @Nullable KafkaLink kafka;

  private final boolean writesFile;

  /** Null if unknown, as for a replay. */
  private final @Nullable InterfaceDrops interfaceDrops;

  /** What was offered to each member when it was last asked. Guarded by this. */
  private final long[] offered;

  FrameAccount(
      String name,
      List<PacketPump> pumps,
      Delivery delivery,
      @Nullable Delivery flows,
      @Nullable KafkaLink kafka,
      boolean writesFile,
      @Nullable InterfaceDrops interfaceDrops) {
    this.name = name;
    this.pumps = pumps;
    this.delivery = delivery;
    this.flows = flows;
    this.kafka = kafka;
    this.writesFile = writesFile;
    this.interfaceDrops = interfaceDrops;
    this.offered = new long[pumps.size()];
  }

  /**
   * Counts so far. They are read against the way of the frames, the last station first: a frame
   * that moves on meanwhile is counted in an earlier station only, so none has more than the one
   * before it.
   */
  synchronized CaptureCounts counts() {
    Latency latency = delivery.latency();
    long records = delivery.recordsAcknowledged();
    long acknowledged = acknowledged();
    long written = delivery.framesWritten();
    FlowLedger flowLedger = flowLedger();
    Map<String, Long> notDelivered = delivery.failures().counts();
    List<MemberCounts> members = new ArrayList<>();
    for (int i = 0; i < pumps.size(); i++) {
      members.add(member(i));
    }
    long captured = members.stream().mapToLong(MemberCounts::framesCaptured).sum();
    long inFlight = captured - acknowledged - DeliveryFailures.total(notDelivered);
    return new CaptureCounts(
        members.get(0).capture().host(),
        name,
        members,
        acknowledged,
        records,
        notDelivered,
        inFlight,
        written,
        droppedByInterface(),
        latency,
        flowLedger);
  }

  private MemberCounts member(int index) {
    PacketPump pump = pumps.get(index);
    BlockSource source = pump.source();
    LiveCapture live = source instanceof LiveCapture capture ? capture : null;
    long captured = pump.captured();
    long bytes = pump.capturedBytes();
    long lostBefore = pump.lostBeforeLast();
    CaptureStatistics seen = source.statistics();
    // a filter that changes takes back what the kernel has counted and the reader then refuses
    offered[index] = Math.max(offered[index], seen.offered());
    return new MemberCounts(
        live == null ? CaptureId.on(name) : live.capture(),
        offered[index],
        seen.droppedByKernel(),
        captured,
        bytes,
        lostBefore,
        seen.ringFreezes(),
        live == null ? 0 : live.ringFill(),
        live == null ? null : live.interfaceState(),
        pump.retireLatency(),
        pump.loop(),
        pump.loopSeconds());
  }

  /**
   * The account at the end of the capture.
   *
   * @param cutShort whether the run ended at a number of frames: what came later does not count
   * @param failure what ended the run early, or null
   * @param sinkFailure why the first sink took no more frames, or null
   * @param flowFailure why no more frames were gathered into flows, or null
   */
  Ledger ledger(
      boolean cutShort,
      @Nullable Throwable failure,
      @Nullable Throwable sinkFailure,
      @Nullable Throwable flowFailure) {
    CaptureStatistics statistics = new CaptureStatistics(0, 0, 0, 0);
    for (PacketPump each : pumps) {
      CaptureStatistics seen = statistics(each.source(), failure != null);
      long unread = seen.offered() - seen.droppedByKernel() - each.captured();
      if (failure != null && !cutShort && unread > 0) {
        each.countUnread(unread, "NotRead", AgentException.sentence(failure));
      }
      statistics = statistics.plus(seen);
    }
    long lostBefore = sum(PacketPump::lostBeforeLast);
    long dropped = cutShort ? lostBefore : statistics.droppedByKernel();
    long captured = sum(PacketPump::captured);
    long offered = cutShort ? captured + dropped : statistics.offered();
    long written = delivery.framesWritten();
    long missing = captured - acknowledged() - DeliveryFailures.total(delivery.failures().counts());
    if (sinkFailure != null && missing > 0) {
      delivery.failures().add(reason(sinkFailure), missing, AgentException.sentence(sinkFailure));
    }
    if (flows != null && flowFailure != null) {
      long missingInFlows = captured - ledger(flows).total();
      if (missingInFlows > 0) {
        flows
            .failures()
            .add(reason(flowFailure), missingInFlows, AgentException.sentence(flowFailure));
      }
    }
    return new Ledger(
        offered,
        dropped,
        dropped - lostBefore,
        captured,
        acknowledged(),
        delivery.recordsAcknowledged(),
        delivery.failures().counts(),
        written,
        writesFile ? captured - written : 0,
        sum(PacketPump::capturedBytes),
        statistics.ringFreezes(),
        droppedByInterface(),
        flowLedger());
  }

  /** Asks the kernel if the source was not read to its end. */
  private static CaptureStatistics statistics(BlockSource source, boolean now) {
    try {
      return now ? source.readStatistics() : source.statistics();
    } catch (IOException | RuntimeException | Error e) {
      return source.statistics();
    }
  }

  private String reason(Throwable sinkFailure) {
    if (kafka == null) {
      return "FileNotWritten";
    }
    return kafka.wasNeverThere() ? "DrainTimeout" : sinkFailure.getClass().getSimpleName();
  }

  private long acknowledged() {
    return kafka == null
        ? delivery.framesWritten()
        : delivery.framesAcknowledged() + delivery.framesWithoutFlow();
  }

  /** Read before what was captured, as all that comes late on a frame's way. */
  private @Nullable FlowLedger flowLedger() {
    return flows == null ? null : ledger(flows);
  }

  private static FlowLedger ledger(Delivery flows) {
    long records = flows.recordsAcknowledged();
    long acknowledged = flows.framesAcknowledged();
    return new FlowLedger(
        records,
        acknowledged,
        flows.framesWithoutFlow(),
        flows.framesInOpenFlows(),
        flows.failures().counts());
  }

  private long droppedByInterface() {
    return interfaceDrops == null ? InterfaceDrops.UNKNOWN : interfaceDrops.count();
  }

  private long sum(ToLongFunction<PacketPump> count) {
    return pumps.stream().mapToLong(count).sum();
  }
}
