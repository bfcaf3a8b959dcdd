package dev.ringtap.flink.table;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.FrameFlags;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.VlanTag;
import dev.ringtap.packet.CommunityId;
import dev.ringtap.packet.PacketHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.jspecify.annotations.Nullable;

/** What the columns show of a frame. Not thread-safe. */
final class ColumnValues {
  private static final long ABSENT = -1;
  private static final long NANOS_PER_MICRO = 1000;
  private static final int NANOS_PER_MILLI = 1_000_000;
  private static final int MOST_DIGITS = 9;

  /** Of one capture, about as many hosts as talk at a time; must be a power of 2. */
  private static final int CACHED_TEXTS = 4096;

  private static final int MAC = 0;

  private static final StringData[] PACKET_TYPES =
      Arrays.stream(PacketType.values()).map(type -> text(type.name())).toArray(StringData[]::new);

  private final CommunityId communityIds = new CommunityId();

  /** Texts of addresses, each where its hash says; version 4 or 6, or MAC. */
  private final @Nullable StringData[] texts = new StringData[CACHED_TEXTS];

  private final int[] versions = new int[CACHED_TEXTS];
  private final long[] uppers = new long[CACHED_TEXTS];
  private final long[] lowers = new long[CACHED_TEXTS];

  /** What the last frame was captured on, and the texts of it. */
  private @Nullable CaptureId capture;

  private StringData host = StringData.fromString("");
  private StringData interfaceName = host;

  /**
   * Writes a column of a frame.
   *
   * @param headers those of the frame, if the column needs them
   * @param at the field's position in the row
   * @param digits of a second, of a timestamp
   */
  void write(
      PacketColumn column, Frame frame, PacketHeaders headers, RowTarget row, int at, int digits) {
    switch (column) {
      case TIMESTAMP -> row.setTimestamp(at, timestamp(frame.timestampNanos(), digits), digits);
      case CAPTURE_START ->
          row.setTimestamp(
              at, timestamp(frame.capture().startMicros() * NANOS_PER_MICRO, digits), digits);
      case HOST -> {
        see(frame.capture());
        row.setText(at, host);
      }
      case INTERFACE_NAME -> {
        see(frame.capture());
        row.setText(at, interfaceName);
      }
      case PACKET_TYPE -> row.setText(at, PACKET_TYPES[frame.packetType().ordinal()]);
      case HARDWARE_CLOCK -> row.setBoolean(at, (frame.flags() & FrameFlags.HARDWARE_CLOCK) != 0);
      case CHECKSUM_NOT_READY ->
          row.setBoolean(at, (frame.flags() & FrameFlags.CHECKSUM_NOT_READY) != 0);
      case MERGED -> row.setBoolean(at, (frame.flags() & FrameFlags.MERGED) != 0);
      case VLAN_DROP_ELIGIBLE -> {
        long bit = number(column, frame, headers);
        if (bit < 0) {
          row.setNull(at);
        } else {
          row.setBoolean(at, bit == 1);
        }
      }
      case ETH_SRC -> setText(row, at, mac(headers, true, headers.srcMac()));
      case ETH_DST -> setText(row, at, mac(headers, false, headers.dstMac()));
      case IP_SRC ->
          setText(row, at, ip(headers, true, headers.ipSrcUpper(), headers.ipSrcLower()));
      case IP_DST ->
          setText(row, at, ip(headers, false, headers.ipDstUpper(), headers.ipDstLower()));
      case COMMUNITY_ID -> {
        String id = communityIds.of(headers);
        setText(row, at, id == null ? null : text(id));
      }
      case L4_PAYLOAD -> {
        byte[] bytes = headers.payload();
        if (bytes == null) {
          row.setNull(at);
        } else {
          row.setBytes(at, bytes);
        }
      }
      case PAYLOAD -> row.setBytes(at, frame.payload());
      case SEQUENCE, LOST_BEFORE, TCP_SEQ, TCP_ACK -> {
        long value = number(column, frame, headers);
        if (isAbsent(column, value)) {
          row.setNull(at);
        } else {
          row.setLong(at, value);
        }
      }
      default -> {
        long value = number(column, frame, headers);
        if (isAbsent(column, value)) {
          row.setNull(at);
        } else {
          row.setInt(at, (int) value);
        }
      }
    }
  }

  /**
   * The number that a column shows, of {@code packet_type} its ordinal, of {@code
   * vlan_drop_eligible} 0 or 1; -1 if the frame has none.
   */
  static long number(PacketColumn column, Frame frame, PacketHeaders headers) {
    return switch (column) {
      case MEMBER -> frame.capture().member();
      case SEQUENCE -> frame.sequence();
      case LOST_BEFORE -> frame.lostBefore();
      case ORIGINAL_LENGTH -> frame.originalLength();
      case LINK_TYPE -> frame.linkType();
      case PACKET_TYPE -> frame.packetType().ordinal();
      case FLAGS -> frame.flags();
      case VLAN_TPID, VLAN_ID, VLAN_PRIORITY, VLAN_DROP_ELIGIBLE -> ofTag(column, frame.vlanTag());
      case VLAN_INNER_ID -> headers.vlanId(frame.isTagStripped() ? 0 : 1);
      case ETHER_TYPE -> headers.etherType();
      case IP_VERSION -> headers.ipVersion();
      case IP_PROTOCOL -> headers.ipProtocol();
      case TTL -> headers.ttl();
      case ARP_OPERATION -> headers.arpOperation();
      case ICMP_TYPE -> headers.icmpType();
      case ICMP_CODE -> headers.icmpCode();
      case SRC_PORT -> headers.srcPort();
      case DST_PORT -> headers.dstPort();
      case TCP_FLAGS -> headers.tcpFlags();
      case TCP_SEQ -> headers.tcpSequence();
      case TCP_ACK -> headers.tcpAcknowledgment();
      case TCP_WINDOW -> headers.tcpWindow();
      case L4_PAYLOAD_LENGTH -> headers.payloadLength();
      case PAYLOAD_LENGTH -> frame.payloadLength();
      default -> throw new IllegalArgumentException(column.columnName() + " is not a number");
    };
  }

  /** A record may hold any number where every frame has one. */
  private static boolean isAbsent(PacketColumn column, long value) {
    return value < 0 && !column.isAlwaysThere();
  }

  private static long ofTag(PacketColumn column, int tag) {
    if (tag == 0) {
      return ABSENT;
    }
    return switch (column) {
      case VLAN_TPID -> VlanTag.tpid(tag);
      case VLAN_ID -> VlanTag.id(tag);
      case VLAN_PRIORITY -> VlanTag.priority(tag);
      default -> VlanTag.isDropEligible(tag) ? 1 : 0;
    };
  }

  /** Truncated, as Flink's own casts do it. */
  private static TimestampData timestamp(long nanos, int digits) {
    long shown = nanos;
    if (digits < MOST_DIGITS) {
      shown -= Math.floorMod(nanos, unitNanos(digits));
    }
    return TimestampData.fromEpochMillis(
        Math.floorDiv(shown, NANOS_PER_MILLI), Math.floorMod(shown, NANOS_PER_MILLI));
  }

  /** One of the last digit that is shown: 1, 10, 100 … 1,000,000,000 ns. */
  private static long unitNanos(int digits) {
    long unit = 1;
    for (int i = digits; i < MOST_DIGITS; i++) {
      unit *= 10;
    }
    return unit;
  }

  private void see(CaptureId of) {
    if (of != capture) {
      capture = of;
      host = text(of.host());
      interfaceName = text(of.interfaceName());
    }
  }

  private static void setText(RowTarget row, int at, @Nullable StringData text) {
    if (text == null) {
      row.setNull(at);
    } else {
      row.setText(at, text);
    }
  }

  private @Nullable StringData mac(PacketHeaders headers, boolean source, long mac) {
    if (mac < 0) {
      return null;
    }
    int slot = slot(MAC, 0, mac);
    StringData known = texts[slot];
    if (known == null) {
      known = text(Objects.requireNonNull(source ? headers.ethSrc() : headers.ethDst()));
      texts[slot] = known;
    }
    return known;
  }

  private @Nullable StringData ip(PacketHeaders headers, boolean source, long upper, long lower) {
    int version = headers.ipVersion();
    if (version < 0) {
      return null;
    }
    int slot = slot(version, upper, lower);
    StringData known = texts[slot];
    if (known == null) {
      known = text(Objects.requireNonNull(source ? headers.ipSrc() : headers.ipDst()));
      texts[slot] = known;
    }
    return known;
  }

  /** Where an address's text is; null is there if it is not cached yet. */
  private int slot(int version, long upper, long lower) {
    long mixed = (upper * 31 + lower) * 0x9E37_79B9_7F4A_7C15L;
    int slot = (int) (mixed >>> 32) & CACHED_TEXTS - 1;
    if (lowers[slot] != lower || uppers[slot] != upper || versions[slot] != version) {
      lowers[slot] = lower;
      uppers[slot] = upper;
      versions[slot] = version;
      texts[slot] = null;
    }
    return slot;
  }

  /** For many rows: encoded now, and not by whichever thread serializes the first of them. */
  private static StringData text(String found) {
    return StringData.fromBytes(found.getBytes(StandardCharsets.UTF_8));
  }
}
