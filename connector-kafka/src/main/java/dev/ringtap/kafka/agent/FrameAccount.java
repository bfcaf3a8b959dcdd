package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.LiveCapture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/** Knows where the frames of a run are: {@link #counts} meanwhile, {@link #ledger} at the end. */
final class FrameAccount {
  private final List<PacketPump> pumps;

  /** Null if no Kafka is asked for. */
  private final KafkaLink kafka;

  /** Null if no file is asked for. */
  private final FileSink file;

  private final DeliveryFailures failures;

  /** Null for a replay. */
  private final InterfaceDrops interfaceDrops;

  /** What was offered to each member when it was last asked. Guarded by this. */
  private final long[] offered;

  /** Since when frames are in flight of which none was acknowledged. Guarded by this. */
  private long silentSinceNanos = System.nanoTime();

  private long lastAcknowledged;

  FrameAccount(
      List<PacketPump> pumps,
      KafkaLink kafka,
      FileSink file,
      DeliveryFailures failures,
      InterfaceDrops interfaceDrops) {
    this.pumps = pumps;
    this.kafka = kafka;
    this.file = file;
    this.failures = failures;
    this.interfaceDrops = interfaceDrops;
    this.offered = new long[pumps.size()];
  }

  /**
   * Counts so far. They are read against the way of the frames, the last station first: a frame
   * that moves on meanwhile is counted in an earlier station only, so none has more than the one
   * before it.
   */
  synchronized AgentCounts counts() {
    KafkaSink sink = kafka == null ? null : kafka.sink();
    AgentCounts.KafkaCounts kafkaCounts = sink == null ? null : sink.counts();
    long acknowledged = acknowledged();
    long written = file == null ? 0 : file.arrived();
    Map<String, Long> notDelivered = failures.counts();
    List<MemberCounts> members = new ArrayList<>();
    for (int i = 0; i < pumps.size(); i++) {
      members.add(member(i));
    }
    long captured = members.stream().mapToLong(MemberCounts::framesCaptured).sum();
    long inFlight = captured - acknowledged - DeliveryFailures.total(notDelivered);
    return new AgentCounts(
        members,
        acknowledged,
        notDelivered,
        inFlight,
        written,
        droppedByInterface(),
        silentSeconds(acknowledged, inFlight),
        kafkaCounts,
        kafka == null ? null : kafka.obstacle());
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
        live == null ? null : live.capture(),
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

  private double silentSeconds(long acknowledged, long inFlight) {
    long now = System.nanoTime();
    if (inFlight == 0 || acknowledged != lastAcknowledged) {
      silentSinceNanos = now;
    }
    lastAcknowledged = acknowledged;
    return (now - silentSinceNanos) / (double) TimeUnit.SECONDS.toNanos(1);
  }

  /**
   * The account at the end of a run.
   *
   * @param cutShort whether the run ended at a number of frames: what came later does not count
   * @param failure what ended the run early, or null
   * @param sinkFailure why the first sink took no more frames, or null
   */
  Ledger ledger(boolean cutShort, Throwable failure, Throwable sinkFailure) {
    CaptureStatistics statistics = new CaptureStatistics(0, 0, 0, 0);
    for (PacketPump each : pumps) {
      CaptureStatistics seen = statistics(each.source(), failure != null);
      long unread = seen.offered() - seen.droppedByKernel() - each.captured();
      if (failure != null && !cutShort && unread > 0) {
        // what stayed behind in ring or file is accounted for as frames of a corrupt block are
        each.countUnread(unread);
        failures.add("NotRead", unread, AgentException.sentence(failure));
      }
      statistics = statistics.plus(seen);
    }
    long lostBefore = sum(PacketPump::lostBeforeLast);
    long dropped = cutShort ? lostBefore : statistics.droppedByKernel();
    long captured = sum(PacketPump::captured);
    long offered = cutShort ? captured + dropped : statistics.offered();
    long written = file == null ? 0 : file.arrived();
    long missing = captured - acknowledged() - DeliveryFailures.total(failures.counts());
    if (sinkFailure != null && missing > 0) {
      failures.add(reason(sinkFailure), missing, AgentException.sentence(sinkFailure));
    }
    return new Ledger(
        offered,
        dropped,
        dropped - lostBefore,
        captured,
        acknowledged(),
        kafka == null || kafka.sink() == null ? 0 : kafka.sink().records(),
        failures.counts(),
        written,
        file == null ? 0 : captured - written,
        sum(PacketPump::capturedBytes),
        statistics.ringFreezes(),
        droppedByInterface());
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
    if (kafka == null) {
      return file.arrived();
    }
    return kafka.sink() == null ? 0 : kafka.sink().arrived();
  }

  private long droppedByInterface() {
    return interfaceDrops == null ? InterfaceDrops.UNKNOWN : interfaceDrops.count();
  }

  private long sum(ToLongFunction<PacketPump> count) {
    return pumps.stream().mapToLong(count).sum();
  }
}
