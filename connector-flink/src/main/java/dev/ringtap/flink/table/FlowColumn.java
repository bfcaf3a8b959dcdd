package dev.ringtap.flink.table;

import dev.ringtap.record.Flow;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Function;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;

/**
 * The columns that a table of flows may have, by name and in any order: the fields of {@link Flow},
 * named as the columns of packets are.
 */
enum FlowColumn implements TableColumn {
  HOST("host"),
  INTERFACE_NAME("interfaceName"),
  CAPTURE_START("captureStart"),
  MEMBER("member"),
  FLOW_START("flowStartNanoseconds"),
  FLOW_END("flowEndNanoseconds"),
  END_REASON("flowEndReason"),
  VLAN_ID("dot1qVlanId"),
  VLAN_INNER_ID("dot1qCustomerVlanId"),
  IP_PROTOCOL("protocolIdentifier"),
  IP_SRC("sourceIPAddress"),
  IP_DST("destinationIPAddress"),
  SRC_PORT("sourceTransportPort"),
  DST_PORT("destinationTransportPort"),
  ICMP_TYPE(
      DataTypes.INT(),
      "icmpTypeCode / 256",
      flow -> flow.getIcmpTypeCode() == null ? null : flow.getIcmpTypeCode() >>> 8),
  ICMP_CODE(
      DataTypes.INT(),
      "icmpTypeCode % 256",
      flow -> flow.getIcmpTypeCode() == null ? null : flow.getIcmpTypeCode() & 0xFF),
  COMMUNITY_ID("communityId"),
  PACKETS("packetDeltaCount"),
  OCTETS("octetDeltaCount"),
  FRAME_OCTETS("layer2OctetDeltaCount"),
  MIN_TTL("minimumTTL"),
  MAX_TTL("maximumTTL"),
  FIRST_PAYLOAD("firstPayloadNanoseconds"),
  REVERSE_PACKETS("reversePacketDeltaCount"),
  REVERSE_OCTETS("reverseOctetDeltaCount"),
  REVERSE_FRAME_OCTETS("reverseLayer2OctetDeltaCount"),
  REVERSE_MIN_TTL("reverseMinimumTTL"),
  REVERSE_MAX_TTL("reverseMaximumTTL"),
  REVERSE_FIRST_PAYLOAD("reverseFirstPayloadNanoseconds"),
  RESPONSE_NANOS(
      DataTypes.BIGINT(),
      "reverseFirstPayloadNanoseconds − firstPayloadNanoseconds",
      FlowColumn::responseNanos),
  CAPTURE_LOSS("captureLoss"),
  CAPTURE_LOSS_WITHIN("captureLossWithin"),
  TCP_COMPLETENESS("tcp.completeness"),
  SERVER_HANDSHAKE_NANOS("tcp.serverHandshakeNanoseconds"),
  CLIENT_HANDSHAKE_NANOS("tcp.clientHandshakeNanoseconds"),
  INITIAL_RTT_NANOS("tcp.initialRttNanoseconds"),
  TCP_FLAGS("tcp.tcpControlBits"),
  RETRANSMISSIONS("tcp.retransmissions"),
  OUT_OF_ORDER("tcp.outOfOrder"),
  ZERO_WINDOWS("tcp.zeroWindows"),
  REVERSE_TCP_FLAGS("tcp.reverseTcpControlBits"),
  REVERSE_RETRANSMISSIONS("tcp.reverseRetransmissions"),
  REVERSE_OUT_OF_ORDER("tcp.reverseOutOfOrder"),
  REVERSE_ZERO_WINDOWS("tcp.reverseZeroWindows");

  private final DataType dataType;
  private final String field;
  private final boolean alwaysThere;
  private final Function<Flow, @Nullable Object> value;

  /**
   * @param field what it is made of, for the documentation
   */
  FlowColumn(DataType dataType, String field, Function<Flow, @Nullable Object> value) {
    this.dataType = dataType;
    this.field = field;
    this.alwaysThere = false;
    this.value = value;
  }

  /**
   * @param field of the record, {@code tcp.} before that of its TCP part
   */
  FlowColumn(String field) {
    Schema flow = Flow.getClassSchema();
    boolean ofTcp = field.startsWith("tcp.");
    Schema.Field found =
        ofTcp
            ? present(flow.getField("tcp").schema()).getField(field.substring("tcp.".length()))
            : flow.getField(field);
    int position = found.pos();
    this.dataType = dataType(present(found.schema()));
    this.field = field;
    this.alwaysThere = !ofTcp && !found.schema().isUnion();
    this.value =
        ofTcp
            ? each -> each.getTcp() == null ? null : each.getTcp().get(position)
            : each -> each.get(position);
  }

  /** The branch of a union with null that is not null. */
  private static Schema present(Schema schema) {
    return schema.isUnion() ? schema.getTypes().get(1) : schema;
  }

  /** The column of a name and type; see {@link TableColumn#of}. */
  static FlowColumn of(String name, LogicalType type) {
    return TableColumn.of(values(), "flows", name, type);
  }

  @Override
  public String columnName() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static DataType dataType(Schema schema) {
    if (schema.getLogicalType() != null) {
      return DataTypes.TIMESTAMP_LTZ(
          schema.getLogicalType() instanceof LogicalTypes.TimestampMicros ? 6 : 9);
    }
    return switch (schema.getType()) {
      case INT -> DataTypes.INT();
      case LONG -> DataTypes.BIGINT();
      default -> DataTypes.STRING();
    };
  }

  private static @Nullable Long responseNanos(Flow flow) {
    Instant asked = flow.getFirstPayloadNanoseconds();
    Instant answered = flow.getReverseFirstPayloadNanoseconds();
    return asked == null || answered == null ? null : Duration.between(asked, answered).toNanos();
  }

  /** Truncated, as Flink's own casts do it. */
  private static TimestampData timestamp(Instant time, int digits) {
    int unitNanos = (int) Math.pow(10, 9 - digits);
    return TimestampData.fromInstant(time.minusNanos(time.getNano() % unitNanos));
  }

  @Override
  public DataType dataType() {
    return dataType;
  }

  @Override
  public boolean isAlwaysThere() {
    return alwaysThere;
  }

  /** The record's field that it has, or what it is made of. */
  String field() {
    return field;
  }

  /**
   * The column's value of a flow, or null.
   *
   * @param type as the column is declared
   */
  @Nullable Object value(Flow flow, LogicalType type) {
    Object found = value.apply(flow);
    return switch (found) {
      case null -> null;
      case Instant time -> timestamp(time, ((LocalZonedTimestampType) type).getPrecision());
      case Number number -> number;
      default -> StringData.fromString(found.toString());
    };
  }
}
