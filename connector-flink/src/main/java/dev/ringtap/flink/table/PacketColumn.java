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
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/**
 * The columns that a table of packets may have, by name and in any order. Fields absent from a
 * frame are NULL.
 */
public enum PacketColumn {
  /** When the frame was seen. */
  TIMESTAMP(
      DataTypes.TIMESTAMP_LTZ(9),
      Source.RECORD,
      "when the kernel, or the network card, saw the frame",
      type -> {
        long unitNanos = unitNanos(type);
        return (frame, headers) -> timestamp(frame.timestampNanos(), unitNanos);
      }),

  /** The capturing host. */
  HOST(
      DataTypes.STRING(),
      Source.RECORD,
      "the capturing host; empty for a file that does not tell it",
      type -> ofCapture(capture -> sharedText(capture.host()))),

  /** The frame's interface. */
  INTERFACE_NAME(
      DataTypes.STRING(),
      Source.RECORD,
      "the capturing interface, for a pcap file its name",
      type -> ofCapture(capture -> sharedText(capture.interfaceName()))),

  /** When the capture was opened. */
  CAPTURE_START(
      DataTypes.TIMESTAMP_LTZ(6),
      Source.RECORD,
      "when the capture was opened; for a file that does not tell it, the time of its first frame",
      type -> {
        long unitNanos = unitNanos(type);
        return ofCapture(capture -> start(capture, unitNanos));
      }),

  /** The capture's number. */
  MEMBER(
      DataTypes.INT(),
      Source.RECORD,
      "which reader of a fanout group captured the frame, from 0",
      type -> ofCapture(CaptureId::member)),

  /** Position in the capture. */
  SEQUENCE(
      DataTypes.BIGINT(),
      Source.RECORD,
      "position of the frame in its capture or file, from 0",
      (frame, headers) -> frame.sequence()),

  /** Losses before the frame. */
  LOST_BEFORE(
      DataTypes.BIGINT(),
      Source.RECORD,
      "frames dropped by the kernel between the previous frame of the capture and this one",
      (frame, headers) -> frame.lostBefore()),

  /** Length on the wire. */
  ORIGINAL_LENGTH(
      DataTypes.INT(),
      Source.RECORD,
      "length on the wire in bytes, the VLAN tag included",
      (frame, headers) -> frame.originalLength()),

  /** LINKTYPE value. */
  LINK_TYPE(
      DataTypes.INT(),
      Source.RECORD,
      "LINKTYPE value of the payload: 1 Ethernet, 101 raw IP",
      (frame, headers) -> frame.linkType()),

  /** For whom the frame was. */
  PACKET_TYPE(
      DataTypes.STRING(),
      Source.RECORD,
      "HOST, BROADCAST, MULTICAST, OTHERHOST or OUTGOING",
      (frame, headers) -> packetType(frame)),

  /** The flags in one number. */
  FLAGS(
      DataTypes.INT(),
      Source.RECORD,
      "sum of 1 for `hardware_clock`, 2 for `checksum_not_ready` and 4 for `merged`",
      (frame, headers) -> frame.flags()),

  /** Whose clock the timestamp is. */
  HARDWARE_CLOCK(
      DataTypes.BOOLEAN(),
      Source.RECORD,
      "whether `timestamp` is the network card's clock, not the kernel's",
      (frame, headers) -> (frame.flags() & FrameFlags.HARDWARE_CLOCK) != 0),

  /** Whether checksums are missing. */
  CHECKSUM_NOT_READY(
      DataTypes.BOOLEAN(),
      Source.RECORD,
      "whether the checksums are not filled in yet, as in frames that the host itself sends",
      (frame, headers) -> (frame.flags() & FrameFlags.CHECKSUM_NOT_READY) != 0),

  /** Whether the frame is more than one. */
  MERGED(
      DataTypes.BOOLEAN(),
      Source.RECORD,
      "whether the frame holds merged TCP segments (GRO, GSO) and so is longer than on the wire",
      (frame, headers) -> (frame.flags() & FrameFlags.MERGED) != 0),

  /** Tag protocol of the outermost tag. */
  VLAN_TPID(
      DataTypes.INT(),
      Source.TAG,
      "tag protocol of the outermost VLAN tag: 33024 (0x8100) or 34984 (0x88A8)",
      (frame, headers) -> frame.vlanTag() == 0 ? null : VlanTag.tpid(frame.vlanTag())),

  /** VLAN id of the outermost tag. */
  VLAN_ID(
      DataTypes.INT(),
      Source.TAG,
      "id of the outermost VLAN tag, wherever it lies",
      (frame, headers) -> frame.vlanTag() == 0 ? null : VlanTag.id(frame.vlanTag())),

  /** Priority of the outermost tag. */
  VLAN_PRIORITY(
      DataTypes.INT(),
      Source.TAG,
      "priority of the outermost VLAN tag, 0 to 7",
      (frame, headers) -> frame.vlanTag() == 0 ? null : VlanTag.priority(frame.vlanTag())),

  /** Drop eligible indicator of the outermost tag. */
  VLAN_DROP_ELIGIBLE(
      DataTypes.BOOLEAN(),
      Source.TAG,
      "drop eligible indicator of the outermost VLAN tag",
      (frame, headers) -> frame.vlanTag() == 0 ? null : VlanTag.isDropEligible(frame.vlanTag())),

  /** VLAN id of the second tag. */
  VLAN_INNER_ID(
      DataTypes.INT(),
      Source.HEADERS,
      "id of the second VLAN tag (QinQ)",
      (frame, headers) -> orNull(headers.vlanId(frame.isTagStripped() ? 0 : 1))),

  /** Sender's MAC address. */
  ETH_SRC(
      DataTypes.STRING(),
      Source.HEADERS,
      "sender's MAC address, `02:00:00:00:00:01`",
      (frame, headers) -> text(headers.ethSrc())),

  /** Receiver's MAC address. */
  ETH_DST(
      DataTypes.STRING(),
      Source.HEADERS,
      "receiver's MAC address",
      (frame, headers) -> text(headers.ethDst())),

  /** EtherType. */
  ETHER_TYPE(
      DataTypes.INT(),
      Source.HEADERS,
      "EtherType after all VLAN tags: 2048 IPv4, 34525 IPv6, 2054 ARP",
      (frame, headers) -> orNull(headers.etherType())),

  /** IP version. */
  IP_VERSION(
      DataTypes.INT(), Source.HEADERS, "4 or 6", (frame, headers) -> orNull(headers.ipVersion())),

  /** IP source address. */
  IP_SRC(
      DataTypes.STRING(),
      Source.HEADERS,
      "IP source address; IPv6 as in RFC 5952",
      (frame, headers) -> text(headers.ipSrc())),

  /** IP destination address. */
  IP_DST(
      DataTypes.STRING(),
      Source.HEADERS,
      "IP destination address",
      (frame, headers) -> text(headers.ipDst())),

  /** IP protocol. */
  IP_PROTOCOL(
      DataTypes.INT(),
      Source.HEADERS,
      "IP protocol: 6 TCP, 17 UDP, 1 ICMP; after IPv6's extension headers",
      (frame, headers) -> orNull(headers.ipProtocol())),

  /** Time to live. */
  TTL(
      DataTypes.INT(),
      Source.HEADERS,
      "IPv4's time to live, IPv6's hop limit",
      (frame, headers) -> orNull(headers.ttl())),

  /** ARP operation. */
  ARP_OPERATION(
      DataTypes.INT(),
      Source.HEADERS,
      "ARP's operation: 1 request, 2 reply",
      (frame, headers) -> orNull(headers.arpOperation())),

  /** ICMP type. */
  ICMP_TYPE(
      DataTypes.INT(),
      Source.HEADERS,
      "type of an ICMP or ICMPv6 message",
      (frame, headers) -> orNull(headers.icmpType())),

  /** ICMP code. */
  ICMP_CODE(
      DataTypes.INT(),
      Source.HEADERS,
      "code of an ICMP or ICMPv6 message",
      (frame, headers) -> orNull(headers.icmpCode())),

  /** Source port. */
  SRC_PORT(
      DataTypes.INT(),
      Source.HEADERS,
      "source port of TCP, UDP or SCTP",
      (frame, headers) -> orNull(headers.srcPort())),

  /** Destination port. */
  DST_PORT(
      DataTypes.INT(),
      Source.HEADERS,
      "destination port of TCP, UDP or SCTP",
      (frame, headers) -> orNull(headers.dstPort())),

  /** TCP flags. */
  TCP_FLAGS(
      DataTypes.INT(),
      Source.HEADERS,
      "TCP's flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32",
      (frame, headers) -> orNull(headers.tcpFlags())),

  /** TCP sequence number. */
  TCP_SEQ(
      DataTypes.BIGINT(),
      Source.HEADERS,
      "TCP's sequence number, 0 to 4294967295",
      (frame, headers) -> orNull(headers.tcpSequence())),

  /** TCP acknowledgment number. */
  TCP_ACK(
      DataTypes.BIGINT(),
      Source.HEADERS,
      "TCP's acknowledgment number; it counts if the flag ACK is set",
      (frame, headers) -> orNull(headers.tcpAcknowledgment())),

  /** TCP window. */
  TCP_WINDOW(
      DataTypes.INT(),
      Source.HEADERS,
      "TCP's window as in the header, not scaled",
      (frame, headers) -> orNull(headers.tcpWindow())),

  /** Length of what TCP or UDP carry. */
  L4_PAYLOAD_LENGTH(
      DataTypes.INT(),
      Source.HEADERS,
      "bytes that TCP or UDP carry in the frame, captured or not",
      (frame, headers) -> orNull(headers.payloadLength())),

  /** Community ID of the conversation. */
  COMMUNITY_ID(
      DataTypes.STRING(),
      Source.HEADERS,
      "Community ID of the conversation, version 1 with seed 0; NULL if the frame is not IP or is a"
          + " later fragment",
      type -> {
        CommunityId ids = new CommunityId();
        return (frame, headers) -> text(ids.of(headers));
      }),

  /** What TCP or UDP carry. */
  L4_PAYLOAD(
      DataTypes.BYTES(),
      Source.CONTENT,
      "the bytes that TCP or UDP carry in the frame, as far as they were captured",
      (frame, headers) -> headers.payload()),

  /** Length of the payload. */
  PAYLOAD_LENGTH(
      DataTypes.INT(),
      Source.PAYLOAD,
      "length of `payload` in bytes, less than `original_length` if the snap length truncated it",
      (frame, headers) -> frame.payloadLength()),

  /** The frame. */
  PAYLOAD(
      DataTypes.BYTES(),
      Source.PAYLOAD,
      "the frame from its layer-2 header on, its VLAN tag in place",
      (frame, headers) -> frame.payload());

  /** What must be there of a frame for a column's value. */
  enum Source {
    /** What is known beside the frame. */
    RECORD,
    /** The outermost tag, which may lie beside the frame or within its first bytes. */
    TAG,
    /** The protocol headers. */
    HEADERS,
    /** The protocol headers, and all that comes after them. */
    CONTENT,
    /** All of it. */
    PAYLOAD
  }

  /** Makes a column's values, for one thread. */
  interface Value {
    /** The value in Flink's internal form, or null. */
    Object of(Frame frame, PacketHeaders headers);
  }

  private static final long NANOS_PER_MICRO = 1000;
  private static final int NANOS_PER_MILLI = 1_000_000;

  private static final StringData[] PACKET_TYPES =
      Arrays.stream(PacketType.values())
          .map(type -> sharedText(type.name()))
          .toArray(StringData[]::new);

  private final String columnName;
  private final DataType dataType;
  private final Source source;
  private final String description;
  private final Function<LogicalType, Value> values;

  PacketColumn(DataType dataType, Source source, String description, Value value) {
    this(dataType, source, description, type -> value);
  }

  PacketColumn(
      DataType dataType, Source source, String description, Function<LogicalType, Value> values) {
    this.columnName = name().toLowerCase(Locale.ROOT);
    this.dataType = dataType;
    this.source = source;
    this.description = description;
    this.values = values;
  }

  /** A value that all frames of a capture have: it is made once. */
  private static Value ofCapture(Function<CaptureId, Object> made) {
    return new Value() {
      private CaptureId last;
      private Object value;

      @Override
      public Object of(Frame frame, PacketHeaders headers) {
        CaptureId capture = frame.capture();
        if (capture != last) {
          value = made.apply(capture);
          last = capture;
        }
        return value;
      }
    };
  }

  /** One of the last digit that a type shows: 1, 10, 100 … 1,000,000,000 ns. */
  private static long unitNanos(LogicalType type) {
    return (long) Math.pow(10, 9 - ((LocalZonedTimestampType) type).getPrecision());
  }

  /** Truncated, as Flink's own casts do it. */
  private static TimestampData timestamp(long nanos, long unitNanos) {
    long shown = nanos - Math.floorMod(nanos, unitNanos);
    return TimestampData.fromEpochMillis(
        Math.floorDiv(shown, NANOS_PER_MILLI), Math.floorMod(shown, NANOS_PER_MILLI));
  }

  private static TimestampData start(CaptureId capture, long unitNanos) {
    return timestamp(capture.startMicros() * NANOS_PER_MICRO, unitNanos);
  }

  private static StringData packetType(Frame frame) {
    return PACKET_TYPES[frame.packetType().ordinal()];
  }

  private static Integer orNull(int found) {
    return found < 0 ? null : found;
  }

  private static Long orNull(long found) {
    return found < 0 ? null : found;
  }

  private static StringData text(String found) {
    return found == null ? null : StringData.fromString(found);
  }

  /** For many rows: encoded now, and not by whichever thread serializes the first of them. */
  private static StringData sharedText(String found) {
    return StringData.fromBytes(found.getBytes(StandardCharsets.UTF_8));
  }

  /** The column's name in SQL. */
  public String columnName() {
    return columnName;
  }

  /** Its type. The value is NULL if the frame has no such field. */
  public DataType dataType() {
    return dataType;
  }

  /** What it is. */
  public String description() {
    return description;
  }

  Source source() {
    return source;
  }

  /** Whether it is made of the protocol headers. */
  boolean needsHeaders() {
    return source == Source.HEADERS || source == Source.CONTENT;
  }

  /** Whether a frame's first bytes may not be enough for it. */
  boolean needsWholeFrame() {
    return source == Source.CONTENT || source == Source.PAYLOAD;
  }

  /** Whether every frame has it. */
  boolean isAlwaysThere() {
    return source == Source.RECORD || source == Source.PAYLOAD;
  }

  /**
   * What makes the column's values.
   *
   * @param type as the column is declared
   */
  Value values(LogicalType type) {
    return values.apply(type);
  }

  /**
   * The column of a name and type.
   *
   * @throws ValidationException if there is none; the message lists those that there are
   */
  static PacketColumn of(String name, LogicalType type) {
    Optional<PacketColumn> found =
        Arrays.stream(values()).filter(each -> each.columnName.equals(name)).findFirst();
    if (found.isEmpty()) {
      throw new ValidationException(
          "a table of packets has no column '" + name + "'; there are: " + listing());
    }
    PacketColumn column = found.get();
    if (type.getTypeRoot() != column.dataType.getLogicalType().getTypeRoot()
        || !column.takes(type)) {
      throw new ValidationException(
          "column '"
              + name
              + "' is declared as "
              + type.asSummaryString()
              + "; it is "
              + column.typeName()
              + (column.isAlwaysThere() ? "" : ", and may be NULL")
              + ". All columns: "
              + listing());
    }
    return column;
  }

  /** Types that would cut the value, or forbid a NULL that may come, are refused. */
  private boolean takes(LogicalType type) {
    boolean nullable = isAlwaysThere() || type.isNullable();
    boolean whole =
        type.is(LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE)
            || type.copy(true).equals(dataType.getLogicalType());
    return nullable && whole;
  }

  String typeName() {
    String text = dataType.getLogicalType().asSummaryString();
    return text.equals("VARBINARY(2147483647)")
        ? "BYTES"
        : text.equals("VARCHAR(2147483647)") ? "STRING" : text;
  }

  private static String listing() {
    return Arrays.stream(values())
        .map(each -> "`" + each.columnName + "` " + each.typeName())
        .collect(Collectors.joining(", "));
  }
}
