package dev.ringtap.kafka.agent;

import dev.ringtap.capture.InterfaceDrops;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where every frame of a capture went, or of all captures of a run. It adds up exactly: offered =
 * dropped by the kernel + captured, and captured = acknowledged + not delivered.
 *
 * @param offered frames that reached the ring's filter and passed it; in a file, all frames that
 *     the filter keeps, and those that it records as dropped
 * @param droppedByKernel frames for which the ring had no room; in a file, the drops it records
 * @param lostAfterLast those of the dropped frames that came after the last record: the records'
 *     {@code lostBefore} tell of all others
 * @param captured frames taken from the ring
 * @param acknowledged frames that Kafka acknowledged, or that are in the capture file where no
 *     Kafka was asked for
 * @param records records in which Kafka acknowledged them, 0 where no Kafka was asked for
 * @param notDeliveredByReason frames that were captured and did not arrive, by the reason's name
 * @param writtenToFile frames in the capture file, 0 where none was asked for
 * @param notWritten frames that were captured and are not in the file, 0 where none was asked for
 * @param capturedBytes bytes of the captured payloads
 * @param ringFreezes how often the ring was full
 * @param droppedByInterface frames that the interface itself dropped, which are in no other count;
 *     {@link InterfaceDrops#UNKNOWN} where it does not tell
 * @param flows where the frames are by flow records; null if none were sent. Where flows were sent
 *     alone, acknowledged are frames whose flow record was, and frames of no flow
 */
public record Ledger(
    long offered,
    long droppedByKernel,
    long lostAfterLast,
    long captured,
    long acknowledged,
    long records,
    Map<String, Long> notDeliveredByReason,
    long writtenToFile,
    long notWritten,
    long capturedBytes,
    long ringFreezes,
    long droppedByInterface,
    @Nullable FlowLedger flows) {
  /** Of no frame. */
  public static final Ledger EMPTY =
      new Ledger(0, 0, 0, 0, 0, 0, Map.of(), 0, 0, 0, 0, InterfaceDrops.UNKNOWN, null);

  /** Copies the reasons. */
  public Ledger {
    notDeliveredByReason = Map.copyOf(notDeliveredByReason);
  }

  /** The sum of both. */
  Ledger plus(Ledger other) {
    Map<String, Long> reasons = new TreeMap<>(notDeliveredByReason);
    other.notDeliveredByReason.forEach(
        (reason, frames) -> reasons.merge(reason, frames, Long::sum));
    boolean unknown = droppedByInterface == InterfaceDrops.UNKNOWN;
    return new Ledger(
        offered + other.offered,
        droppedByKernel + other.droppedByKernel,
        lostAfterLast + other.lostAfterLast,
        captured + other.captured,
        acknowledged + other.acknowledged,
        records + other.records,
        reasons,
        writtenToFile + other.writtenToFile,
        notWritten + other.notWritten,
        capturedBytes + other.capturedBytes,
        ringFreezes + other.ringFreezes,
        unknown
            ? other.droppedByInterface
            : droppedByInterface + Math.max(0, other.droppedByInterface),
        FlowLedger.sum(flows, other.flows));
  }

  /** Frames that were captured and did not arrive. */
  public long notDelivered() {
    return DeliveryFailures.total(notDeliveredByReason);
  }

  /** Whether frames did not arrive, as packets or in flow records. */
  public boolean isIncomplete() {
    return notDelivered() > 0 || flows != null && flows.notDelivered() > 0;
  }

  /** Whether the equations hold. */
  public boolean balances() {
    return offered == droppedByKernel + captured
        && captured == acknowledged + notDelivered()
        && (flows == null || captured == flows.total());
  }

  /** tcpdump's summary, then the equations. */
  public String summary() {
    StringBuilder text = new StringBuilder();
    text.append(captured).append(" packets captured\n");
    text.append(offered).append(" packets received by filter\n");
    text.append(droppedByKernel).append(" packets dropped by kernel\n");
    if (droppedByInterface > 0) {
      text.append(droppedByInterface).append(" packets dropped by interface\n");
    }
    text.append("offered ").append(offered).append(" = ").append(droppedByKernel);
    text.append(" dropped by the kernel + ").append(captured).append(" captured\n");
    text.append("captured ").append(captured).append(" = ").append(acknowledged);
    text.append(" acknowledged + ").append(notDelivered()).append(" not delivered");
    if (!notDeliveredByReason.isEmpty()) {
      text.append(' ').append(notDeliveredByReason);
    }
    text.append('\n');
    if (flows != null) {
      text.append("captured ").append(captured).append(" = ").append(flows.acknowledged());
      text.append(" in ").append(flows.records()).append(" flow records acknowledged + ");
      text.append(flows.withoutFlow()).append(" of no flow + ").append(flows.notDelivered());
      text.append(" not delivered");
      if (!flows.notDeliveredByReason().isEmpty()) {
        text.append(' ').append(flows.notDeliveredByReason());
      }
      text.append('\n');
    }
    if (notWritten > 0) {
      text.append("captured ").append(captured).append(" = ").append(writtenToFile);
      text.append(" written to the file + ").append(notWritten).append(" not written\n");
    }
    if (!balances()) {
      text.append("THE LEDGER DOES NOT ADD UP: please report this with the lines above\n");
    }
    return text.toString();
  }
}
