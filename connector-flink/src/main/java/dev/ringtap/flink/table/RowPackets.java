package dev.ringtap.flink.table;

import dev.ringtap.capture.FrameFlags;
import dev.ringtap.capture.LinkType;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import dev.ringtap.record.PacketType;
import dev.ringtap.record.Vlan;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Objects;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.jspecify.annotations.Nullable;

/**
 * Makes packets of rows. What a table does not have is as in a capture file that does not tell it.
 * Not thread-safe.
 */
final class RowPackets implements Serializable {
  private static final long serialVersionUID = 1;

  private static final int VLAN = 0x8100;

  private static final List<PacketColumn> NEEDED =
      List.of(PacketColumn.TIMESTAMP, PacketColumn.PAYLOAD);

  private final EnumMap<PacketColumn, Integer> columns = new EnumMap<>(PacketColumn.class);
  private final int timestampDigits;
  private final int startDigits;

  private transient @Nullable PacketHeaders headers;

  /**
   * @param columns by position; null for one that is none of a packet
   * @param types those that the columns are declared with
   * @throws ValidationException if a packet cannot be made of them
   */
  RowPackets(List<? extends @Nullable PacketColumn> columns, List<LogicalType> types) {
    for (int i = 0; i < columns.size(); i++) {
      PacketColumn column = columns.get(i);
      if (column != null) {
        this.columns.put(column, i);
      }
    }
    for (PacketColumn each : NEEDED) {
      if (!columns.contains(each)) {
        throw new ValidationException(
            "a record is not made without the column `" + each.columnName() + "`; add it");
      }
    }
    timestampDigits = digits(types, PacketColumn.TIMESTAMP);
    startDigits = digits(types, PacketColumn.CAPTURE_START);
  }

  private int digits(List<LogicalType> types, PacketColumn column) {
    Integer at = columns.get(column);
    return at == null ? 0 : ((LocalZonedTimestampType) types.get(at)).getPrecision();
  }

  /** The packet of a row. */
  Packet packet(RowData row) {
    byte[] payload = row.getBinary(at(PacketColumn.PAYLOAD));
    Packet packet = new Packet();
    packet.setHost(text(row, PacketColumn.HOST));
    packet.setInterfaceName(text(row, PacketColumn.INTERFACE_NAME));
    packet.setCaptureStart(
        has(row, PacketColumn.CAPTURE_START)
            ? row.getTimestamp(at(PacketColumn.CAPTURE_START), startDigits).toInstant()
            : Instant.EPOCH);
    packet.setMember(number(row, PacketColumn.MEMBER, 0));
    packet.setTimestamp(row.getTimestamp(at(PacketColumn.TIMESTAMP), timestampDigits).toInstant());
    packet.setSequence(longNumber(row, PacketColumn.SEQUENCE));
    packet.setLostBefore(longNumber(row, PacketColumn.LOST_BEFORE));
    packet.setOriginalLength(number(row, PacketColumn.ORIGINAL_LENGTH, payload.length));
    packet.setLinkType(number(row, PacketColumn.LINK_TYPE, LinkType.ETHERNET));
    packet.setPacketType(
        has(row, PacketColumn.PACKET_TYPE)
            ? PacketType.valueOf(text(row, PacketColumn.PACKET_TYPE))
            : PacketType.HOST);
    packet.setFlags(number(row, PacketColumn.FLAGS, flags(row)));
    packet.setVlan(vlan(row, packet.getLinkType(), payload));
    packet.setPayload(ByteBuffer.wrap(payload));
    return packet;
  }

  private int at(PacketColumn column) {
    return Objects.requireNonNull(columns.get(column), "no such column");
  }

  private boolean has(RowData row, PacketColumn column) {
    Integer at = columns.get(column);
    return at != null && !row.isNullAt(at);
  }

  private String text(RowData row, PacketColumn column) {
    return has(row, column) ? row.getString(at(column)).toString() : "";
  }

  private int number(RowData row, PacketColumn column, int otherwise) {
    return has(row, column) ? row.getInt(at(column)) : otherwise;
  }

  private long longNumber(RowData row, PacketColumn column) {
    return has(row, column) ? row.getLong(at(column)) : 0;
  }

  private int flags(RowData row) {
    return flag(row, PacketColumn.HARDWARE_CLOCK, FrameFlags.HARDWARE_CLOCK)
        | flag(row, PacketColumn.CHECKSUM_NOT_READY, FrameFlags.CHECKSUM_NOT_READY)
        | flag(row, PacketColumn.MERGED, FrameFlags.MERGED);
  }

  private int flag(RowData row, PacketColumn column, int flag) {
    return has(row, column) && row.getBoolean(at(column)) ? flag : 0;
  }

  /** The columns' tag; that of the payload if the table has no column of it. */
  private @Nullable Vlan vlan(RowData row, int linkType, byte[] payload) {
    if (columns.containsKey(PacketColumn.VLAN_ID)) {
      return has(row, PacketColumn.VLAN_ID)
          ? new Vlan(
              number(row, PacketColumn.VLAN_TPID, VLAN),
              number(row, PacketColumn.VLAN_ID, 0),
              number(row, PacketColumn.VLAN_PRIORITY, 0),
              flag(row, PacketColumn.VLAN_DROP_ELIGIBLE, 1) == 1)
          : null;
    }
    if (headers == null) {
      headers = new PacketHeaders();
    }
    int tag = headers.parse(MemorySegment.ofArray(payload), 0, payload.length, linkType).vlanTag(0);
    return PacketFields.vlan(tag);
  }
}
