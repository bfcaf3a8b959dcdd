package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.packet.PacketHeaders;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/**
 * The columns that a table of packets may have, by name and in any order. What a frame has not is
 * NULL.
 */
public enum PacketColumn {
  /** When the frame was seen. */
  TIMESTAMP(
      DataTypes.TIMESTAMP_LTZ(9),
      Source.RECORD,
      "when the kernel, or the network card, saw the frame",
      (frame, headers) -> timestamp(frame.timestampNanos())),

  /** The frame's interface. */
  INTERFACE_NAME(
      DataTypes.STRING(),
      Source.RECORD,
      "the capturing interface, for a pcap file its name",
      (frame, headers) -> StringData.fromString(frame.interfaceName())),

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
      "frames dropped by the kernel between the previous frame and this one",
      (frame, headers) -> frame.lostBefore()),

  /** The capture's number. */
  MEMBER(
      DataTypes.INT(),
      Source.RECORD,
      "which reader of a fanout group captured the frame; `sequence` and `lost_before` count for"
          + " each",
      (frame, headers) -> frame.member()),

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
  DIRECTION(
      DataTypes.STRING(),
      Source.RECORD,
      "HOST, BROADCAST, MULTICAST, OTHERHOST or OUTGOING",
      (frame, headers) -> StringData.fromString(frame.packetType().name())),

  /** Tag protocol of the outermost tag. */
  VLAN_TPID(
      DataTypes.INT(),
      Source.TAG,
      "tag protocol of the outermost VLAN tag: 33024 (0x8100) or 34984 (0x88A8)",
      (frame, headers) -> frame.vlanTag() == 0 ? null : frame.vlanTag() >>> 16),

  /** VLAN id of the outermost tag. */
  VLAN_ID(
      DataTypes.INT(),
      Source.TAG,
      "id of the outermost VLAN tag, wherever it lies",
      (frame, headers) -> frame.vlanTag() == 0 ? null : frame.vlanTag() & 0xFFF),

  /** Priority of the outermost tag. */
  VLAN_PRIORITY(
      DataTypes.INT(),
      Source.TAG,
      "priority of the outermost VLAN tag, 0 to 7",
      (frame, headers) -> frame.vlanTag() == 0 ? null : frame.vlanTag() >>> 13 & 7),

  /** Drop eligible indicator of the outermost tag. */
  VLAN_DROP_ELIGIBLE(
      DataTypes.BOOLEAN(),
      Source.TAG,
      "drop eligible indicator of the outermost VLAN tag",
      (frame, headers) -> frame.vlanTag() == 0 ? null : (frame.vlanTag() & 0x1000) != 0),

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
      "EtherType behind all VLAN tags: 2048 IPv4, 34525 IPv6, 2054 ARP",
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
      "IP protocol: 6 TCP, 17 UDP, 1 ICMP; behind IPv6's extension headers",
      (frame, headers) -> orNull(headers.ipProtocol())),

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

  /** The frame. */
  PAYLOAD(
      DataTypes.BYTES(),
      Source.PAYLOAD,
      "the frame from its layer-2 header on, its VLAN tag in place",
      (frame, headers) -> payload(frame));

  /** What must be there of a frame for a column's value. */
  enum Source {
    /** What is known beside the frame. */
    RECORD,
    /** The outermost tag, which may lie beside the frame or within its first bytes. */
    TAG,
    /** The protocol headers. */
    HEADERS,
    /** All of it. */
    PAYLOAD
  }

  private final String columnName;
  private final DataType dataType;
  private final Source source;
  private final String description;
  private final BiFunction<Frame, PacketHeaders, Object> value;

  PacketColumn(
      DataType dataType,
      Source source,
      String description,
      BiFunction<Frame, PacketHeaders, Object> value) {
    this.columnName = name().toLowerCase(Locale.ROOT);
    this.dataType = dataType;
    this.source = source;
    this.description = description;
    this.value = value;
  }

  static TimestampData timestamp(long nanos) {
    return TimestampData.fromEpochMillis(nanos / 1_000_000, (int) (nanos % 1_000_000));
  }

  private static Integer orNull(int found) {
    return found < 0 ? null : found;
  }

  private static StringData text(String found) {
    return found == null ? null : StringData.fromString(found);
  }

  private static byte[] payload(Frame frame) {
    byte[] bytes = frame.payload();
    return bytes;
  }

  /** The column's name in SQL. */
  public String columnName() {
    return columnName;
  }

  /** The type that it has, NULL where the frame has no such thing. */
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

  /** Whether every frame has it. */
  boolean isAlwaysThere() {
    return source == Source.RECORD || source == Source.PAYLOAD;
  }

  /** The value in Flink's internal form, or null. */
  Object of(Frame frame, PacketHeaders headers) {
    return value.apply(frame, headers);
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
