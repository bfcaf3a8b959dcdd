package dev.ringtap.record;

import dev.ringtap.flow.Biflow;
import dev.ringtap.packet.AddressText;
import dev.ringtap.packet.CommunityId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A flow as an object: what {@link FlowEncoder} writes, without its bytes. */
public final class FlowFields {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private FlowFields() {}

  /** The record of a flow. */
  public static Flow flow(Biflow of) {
    return new Flow(
        of.capture().host(),
        of.capture().interfaceName(),
        of.capture().start(),
        of.capture().member(),
        time(of.startNanos()),
        time(of.endNanos()),
        FlowEndReason.values()[of.endReason().ordinal()],
        optional(of.vlanId(), 1),
        optional(of.innerVlanId(), 1),
        of.protocol(),
        address(of.ipVersion(), of.srcUpper(), of.srcLower()),
        address(of.ipVersion(), of.dstUpper(), of.dstLower()),
        optional(of.srcPort(), 0),
        optional(of.dstPort(), 0),
        optional(of.icmpTypeCode(), 0),
        communityId(of),
        of.packets(0),
        of.octets(0),
        of.frameOctets(0),
        optional(of.minTtl(0), 0),
        optional(of.maxTtl(0), 0),
        optionalTime(of.firstPayloadNanos(0)),
        of.packets(1),
        of.octets(1),
        of.frameOctets(1),
        optional(of.minTtl(1), 0),
        optional(of.maxTtl(1), 0),
        optionalTime(of.firstPayloadNanos(1)),
        of.captureLoss(),
        of.captureLossWithin(),
        of.isTcp() ? tcp(of) : null);
  }

  private static FlowTcp tcp(Biflow of) {
    return new FlowTcp(
        of.tcpCompleteness(),
        optional(of.serverHandshakeNanos()),
        optional(of.clientHandshakeNanos()),
        optional(of.initialRttNanos()),
        of.tcpFlags(0),
        of.retransmissions(0),
        of.outOfOrder(0),
        of.zeroWindows(0),
        of.tcpFlags(1),
        of.retransmissions(1),
        of.outOfOrder(1),
        of.zeroWindows(1));
  }

  private static @Nullable Integer optional(int value, int least) {
    return value < least ? null : (Integer) value;
  }

  private static @Nullable Long optional(long value) {
    return value < 0 ? null : (Long) value;
  }

  private static @Nullable Instant optionalTime(long nanos) {
    return nanos < 1 ? null : time(nanos);
  }

  private static Instant time(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, NANOS_PER_SECOND), Math.floorMod(nanos, NANOS_PER_SECOND));
  }

  private static String address(int ipVersion, long upper, long lower) {
    StringBuilder text = new StringBuilder();
    new AddressText().append(text, ipVersion, upper, lower);
    return text.toString();
  }

  private static @Nullable String communityId(Biflow of) {
    byte[] digest = new byte[CommunityId.DIGEST_BYTES];
    return of.communityId(digest) ? CommunityId.text(digest) : null;
  }
}
