package dev.ringtap.record;

import dev.ringtap.flow.Biflow;
import dev.ringtap.packet.AddressText;
import dev.ringtap.packet.CommunityId;
import java.util.Arrays;
import java.util.Base64;

/**
 * Encodes flows as Avro records of {@code Flow.avsc}. The bytes are those of Avro's own encoder, as
 * {@link PacketEncoder}'s are. Allocates nothing for a flow but the record of {@link
 * #encode(Biflow)}. Not thread-safe: an encoder for each thread.
 */
public final class FlowEncoder {
  private static final byte[] COMMUNITY_ID_START = {'1', ':'};
  private static final int BASE64_BYTES = 28;

  /** Longer than all that follows the start: 43 numbers, three texts. */
  private static final int MAX_AFTER_START_BYTES = 43 * Varint.ROOM_BYTES + 2 * 64 + 32;

  private final PacketEncoder starts;
  private final AddressText addresses = new AddressText();
  private final StringBuilder text = new StringBuilder(64);
  private final byte[] digest = new byte[CommunityId.DIGEST_BYTES];
  private final byte[] base64 = new byte[BASE64_BYTES];
  private byte[] buffer = new byte[0];

  private FlowEncoder(byte[] header) {
    starts = PacketEncoder.ofStarts(header);
  }

  /** Avro's single-object encoding, as {@link PacketEncoder#singleObject}. */
  public static FlowEncoder singleObject() {
    return new FlowEncoder(PacketEncoder.singleObjectHeader(Flow.getClassSchema()));
  }

  /**
   * The wire format of schema registries, as {@link PacketEncoder#registry}.
   *
   * @param schemaId the number that the registry gave to {@link PacketSchema#publishedFlow}
   */
  public static FlowEncoder registry(int schemaId) {
    return new FlowEncoder(WireFormat.registryHeader(schemaId));
  }

  /** Room that is enough for the flow's record. */
  public int maxEncodedLength(Biflow flow) {
    return starts.start(flow.capture()).length() + MAX_AFTER_START_BYTES;
  }

  /**
   * Encodes a flow.
   *
   * @return a record of its own, exactly as long as it needs to be
   */
  public byte[] encode(Biflow flow) {
    if (buffer.length < maxEncodedLength(flow)) {
      buffer = new byte[maxEncodedLength(flow)];
    }
    return Arrays.copyOf(buffer, encode(flow, buffer, 0));
  }

  /**
   * Encodes a flow into a buffer.
   *
   * @param offset where the record begins
   * @return offset after the record's last byte
   * @throws IndexOutOfBoundsException if the target has no room; {@link #maxEncodedLength} is
   *     enough
   */
  public int encode(Biflow flow, byte[] target, int offset) {
    byte[] to = target;
    int at = starts.start(flow.capture()).put(to, offset);
    at = Varint.put(to, at, flow.startNanos());
    at = Varint.put(to, at, flow.endNanos());
    at = Varint.put(to, at, flow.endReason().ordinal());
    at = putOptional(to, at, flow.vlanId(), 1);
    at = putOptional(to, at, flow.innerVlanId(), 1);
    at = Varint.put(to, at, flow.protocol());
    at = putAddress(to, at, flow.ipVersion(), flow.srcUpper(), flow.srcLower());
    at = putAddress(to, at, flow.ipVersion(), flow.dstUpper(), flow.dstLower());
    at = putOptional(to, at, flow.srcPort(), 0);
    at = putOptional(to, at, flow.dstPort(), 0);
    at = putOptional(to, at, flow.icmpTypeCode(), 0);
    at = putCommunityId(to, at, flow);
    for (int direction = 0; direction < 2; direction++) {
      at = Varint.put(to, at, flow.packets(direction));
      at = Varint.put(to, at, flow.octets(direction));
      at = Varint.put(to, at, flow.frameOctets(direction));
      at = putOptional(to, at, flow.minTtl(direction), 0);
      at = putOptional(to, at, flow.maxTtl(direction), 0);
      at = putOptional(to, at, flow.firstPayloadNanos(direction), 1);
    }
    at = Varint.put(to, at, flow.captureLoss());
    at = Varint.put(to, at, flow.captureLossWithin());
    return putTcp(to, at, flow);
  }

  private static int putTcp(byte[] to, int offset, Biflow flow) {
    if (!flow.isTcp()) {
      to[offset] = 0;
      return offset + 1;
    }
    int at = Varint.put(to, offset, 1);
    at = Varint.put(to, at, flow.tcpCompleteness());
    at = putOptional(to, at, flow.serverHandshakeNanos(), 0);
    at = putOptional(to, at, flow.clientHandshakeNanos(), 0);
    at = putOptional(to, at, flow.initialRttNanos(), 0);
    for (int direction = 0; direction < 2; direction++) {
      at = Varint.put(to, at, flow.tcpFlags(direction));
      at = Varint.put(to, at, flow.retransmissions(direction));
      at = Varint.put(to, at, flow.outOfOrder(direction));
      at = Varint.put(to, at, flow.zeroWindows(direction));
    }
    return at;
  }

  /** The union's branch, and the number unless it is less than the least that there is. */
  private static int putOptional(byte[] to, int at, long value, int least) {
    if (value < least) {
      to[at] = 0;
      return at + 1;
    }
    to[at] = 2;
    return Varint.put(to, at + 1, value);
  }

  private int putAddress(byte[] to, int offset, int ipVersion, long upper, long lower) {
    text.setLength(0);
    addresses.append(text, ipVersion, upper, lower);
    int length = text.length();
    int at = Varint.put(to, offset, length);
    for (int i = 0; i < length; i++) {
      to[at + i] = (byte) text.charAt(i);
    }
    return at + length;
  }

  private int putCommunityId(byte[] to, int offset, Biflow flow) {
    if (!flow.communityId(digest)) {
      to[offset] = 0;
      return offset + 1;
    }
    to[offset] = 2;
    int at = Varint.put(to, offset + 1, COMMUNITY_ID_START.length + BASE64_BYTES);
    to[at] = COMMUNITY_ID_START[0];
    to[at + 1] = COMMUNITY_ID_START[1];
    Base64.getEncoder().encode(digest, base64);
    System.arraycopy(base64, 0, to, at + 2, BASE64_BYTES);
    return at + 2 + BASE64_BYTES;
  }
}
