package dev.ringtap.flink.table;

import java.util.Locale;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * The columns that a table of packets may have, by name and in any order. Fields absent from a
 * frame are NULL.
 */
public enum PacketColumn implements TableColumn {
  /** When the frame was seen. */
  TIMESTAMP(
      DataTypes.TIMESTAMP_LTZ(9),
      Source.RECORD,
      "when the kernel, or the network card, saw the frame"),

  /** The capturing host. */
  HOST(
      DataTypes.STRING(),
      Source.RECORD,
      "the capturing host; empty for a file that does not tell it"),

  /** The frame's interface. */
  INTERFACE_NAME(
      DataTypes.STRING(), Source.RECORD, "the capturing interface, for a pcap file its name"),

  /** When the capture was opened. */
  CAPTURE_START(
      DataTypes.TIMESTAMP_LTZ(6),
      Source.RECORD,
      "when the capture was opened; for a file that does not tell it, the time of its first frame"),

  /** The capture's number. */
  MEMBER(
      DataTypes.INT(), Source.RECORD, "which reader of a fanout group captured the frame, from 0"),

  /** Position in the capture. */
  SEQUENCE(
      DataTypes.BIGINT(), Source.RECORD, "position of the frame in its capture or file, from 0"),

  /** Losses before the frame. */
  LOST_BEFORE(
      DataTypes.BIGINT(),
      Source.RECORD,
      "frames dropped by the kernel between the previous frame of the capture and this one"),

  /** Length on the wire. */
  ORIGINAL_LENGTH(
      DataTypes.INT(), Source.RECORD, "length on the wire in bytes, the VLAN tag included"),

  /** LINKTYPE value. */
  LINK_TYPE(
      DataTypes.INT(), Source.RECORD, "LINKTYPE value of the payload: 1 Ethernet, 101 raw IP"),

  /** For whom the frame was. */
  PACKET_TYPE(
      DataTypes.STRING(), Source.RECORD, "HOST, BROADCAST, MULTICAST, OTHERHOST or OUTGOING"),

  /** The flags in one number. */
  FLAGS(
      DataTypes.INT(),
      Source.RECORD,
      "sum of 1 for `hardware_clock`, 2 for `checksum_not_ready` and 4 for `merged`"),

  /** Whose clock the timestamp is. */
  HARDWARE_CLOCK(
      DataTypes.BOOLEAN(),
      Source.RECORD,
      "whether `timestamp` is the network card's clock, not the kernel's"),

  /** Whether checksums are missing. */
  CHECKSUM_NOT_READY(
      DataTypes.BOOLEAN(),
      Source.RECORD,
      "whether the checksums are not filled in yet, as in frames that the host itself sends"),

  /** Whether the frame is more than one. */
  MERGED(
      DataTypes.BOOLEAN(),
      Source.RECORD,
      "whether the frame holds merged TCP segments (GRO, GSO) and so is longer than on the wire"),

  /** Tag protocol of the outermost tag. */
  VLAN_TPID(
      DataTypes.INT(),
      Source.TAG,
      "tag protocol of the outermost VLAN tag: 33024 (0x8100) or 34984 (0x88A8)"),

  /** VLAN id of the outermost tag. */
  VLAN_ID(DataTypes.INT(), Source.TAG, "id of the outermost VLAN tag, wherever it lies"),

  /** Priority of the outermost tag. */
  VLAN_PRIORITY(DataTypes.INT(), Source.TAG, "priority of the outermost VLAN tag, 0 to 7"),

  /** Drop eligible indicator of the outermost tag. */
  VLAN_DROP_ELIGIBLE(
      DataTypes.BOOLEAN(), Source.TAG, "drop eligible indicator of the outermost VLAN tag"),

  /** VLAN id of the second tag. */
  VLAN_INNER_ID(DataTypes.INT(), Source.HEADERS, "id of the second VLAN tag (QinQ)"),

  /** Sender's MAC address. */
  ETH_SRC(DataTypes.STRING(), Source.HEADERS, "sender's MAC address, `02:00:00:00:00:01`"),

  /** Receiver's MAC address. */
  ETH_DST(DataTypes.STRING(), Source.HEADERS, "receiver's MAC address"),

  /** EtherType. */
  ETHER_TYPE(
      DataTypes.INT(),
      Source.HEADERS,
      "EtherType after all VLAN tags: 2048 IPv4, 34525 IPv6, 2054 ARP"),

  /** IP version. */
  IP_VERSION(DataTypes.INT(), Source.HEADERS, "4 or 6"),

  /** IP source address. */
  IP_SRC(DataTypes.STRING(), Source.HEADERS, "IP source address; IPv6 as in RFC 5952"),

  /** IP destination address. */
  IP_DST(DataTypes.STRING(), Source.HEADERS, "IP destination address"),

  /** IP protocol. */
  IP_PROTOCOL(
      DataTypes.INT(),
      Source.HEADERS,
      "IP protocol: 6 TCP, 17 UDP, 1 ICMP; after IPv6's extension headers"),

  /** Time to live. */
  TTL(DataTypes.INT(), Source.HEADERS, "IPv4's time to live, IPv6's hop limit"),

  /** ARP operation. */
  ARP_OPERATION(DataTypes.INT(), Source.HEADERS, "ARP's operation: 1 request, 2 reply"),

  /** ICMP type. */
  ICMP_TYPE(DataTypes.INT(), Source.HEADERS, "type of an ICMP or ICMPv6 message"),

  /** ICMP code. */
  ICMP_CODE(DataTypes.INT(), Source.HEADERS, "code of an ICMP or ICMPv6 message"),

  /** Source port. */
  SRC_PORT(DataTypes.INT(), Source.HEADERS, "source port of TCP, UDP or SCTP"),

  /** Destination port. */
  DST_PORT(DataTypes.INT(), Source.HEADERS, "destination port of TCP, UDP or SCTP"),

  /** TCP flags. */
  TCP_FLAGS(
      DataTypes.INT(), Source.HEADERS, "TCP's flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32"),

  /** TCP sequence number. */
  TCP_SEQ(DataTypes.BIGINT(), Source.HEADERS, "TCP's sequence number, 0 to 4294967295"),

  /** TCP acknowledgment number. */
  TCP_ACK(
      DataTypes.BIGINT(),
      Source.HEADERS,
      "TCP's acknowledgment number; it counts if the flag ACK is set"),

  /** TCP window. */
  TCP_WINDOW(DataTypes.INT(), Source.HEADERS, "TCP's window as in the header, not scaled"),

  /** Length of what TCP or UDP carry. */
  L4_PAYLOAD_LENGTH(
      DataTypes.INT(), Source.CONTENT, "bytes that TCP or UDP carry in the frame, captured or not"),

  /** Community ID of the conversation. */
  COMMUNITY_ID(
      DataTypes.STRING(),
      Source.HEADERS,
      "Community ID of the conversation, version 1 with seed 0; NULL if the frame is not IP or is a"
          + " later fragment"),

  /** What TCP or UDP carry. */
  L4_PAYLOAD(
      DataTypes.BYTES(),
      Source.CONTENT,
      "the bytes that TCP or UDP carry in the frame, as far as they were captured"),

  /** Length of the payload. */
  PAYLOAD_LENGTH(
      DataTypes.INT(),
      Source.PAYLOAD,
      "length of `payload` in bytes, less than `original_length` if the snap length truncated it"),

  /** The frame. */
  PAYLOAD(
      DataTypes.BYTES(),
      Source.PAYLOAD,
      "the frame from its layer-2 header on, its VLAN tag in place");

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

  private final String columnName;
  private final DataType dataType;
  private final Source source;
  private final String description;

  PacketColumn(DataType dataType, Source source, String description) {
    this.columnName = name().toLowerCase(Locale.ROOT);
    this.dataType = dataType;
    this.source = source;
    this.description = description;
  }

  @Override
  public String columnName() {
    return columnName;
  }

  @Override
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

  @Override
  public boolean isAlwaysThere() {
    return source == Source.RECORD || source == Source.PAYLOAD;
  }

  /** The column of a name and type; see {@link TableColumn#of}. */
  static PacketColumn of(String name, LogicalType type) {
    return TableColumn.of(values(), "packets", name, type);
  }
}
