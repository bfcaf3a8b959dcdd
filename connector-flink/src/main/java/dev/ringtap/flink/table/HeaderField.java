package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.EtherType;
import dev.ringtap.packet.PacketHeaders;
import java.util.Arrays;
import java.util.Optional;

/**
 * A number of a frame that the kernel can find too: the column that shows it, the scratch word in
 * which {@link HeaderDecoder} leaves it, and which of the word's bits it is.
 */
enum HeaderField {
  VLAN_TPID(PacketColumn.VLAN_TPID, HeaderDecoder.OUTER_TPID, 0, 0xFFFF),
  VLAN_ID(PacketColumn.VLAN_ID, HeaderDecoder.OUTER_TCI, 0, 0xFFF),
  VLAN_PRIORITY(PacketColumn.VLAN_PRIORITY, HeaderDecoder.OUTER_TCI, 13, 7),
  VLAN_DROP_ELIGIBLE(PacketColumn.VLAN_DROP_ELIGIBLE, HeaderDecoder.OUTER_TCI, 12, 1),
  VLAN_INNER_ID(PacketColumn.VLAN_INNER_ID, HeaderDecoder.INNER_TCI, 0, 0xFFF),
  ETHER_TYPE(PacketColumn.ETHER_TYPE, HeaderDecoder.ETHER_TYPE, 0, 0xFFFF),
  IP_VERSION(PacketColumn.IP_VERSION, HeaderDecoder.IP_VERSION, 0, 0xF),
  IP_PROTOCOL(PacketColumn.IP_PROTOCOL, HeaderDecoder.IP_PROTOCOL, 0, 0xFF),
  SRC_PORT(PacketColumn.SRC_PORT, HeaderDecoder.SRC_PORT, 0, 0xFFFF),
  DST_PORT(PacketColumn.DST_PORT, HeaderDecoder.DST_PORT, 0, 0xFFFF),
  TTL(PacketColumn.TTL, HeaderDecoder.NETWORK_OFFSET, 0, 0xFF) {
    @Override
    void load(BpfAssembler out, Label absent) {
      Label v4 = new Label();
      Label loaded = new Label();
      out.add(Bpf.LD_MEM, HeaderDecoder.IP_VERSION);
      out.leaveIf(Bpf.JEQ_K, HeaderDecoder.ABSENT, absent);
      out.add(Bpf.LDX_MEM, HeaderDecoder.NETWORK_OFFSET);
      out.leaveIf(Bpf.JEQ_K, 4, v4);
      out.add(Bpf.LD_B_IND, IPV6_HOP_LIMIT_AT);
      out.go(loaded);
      out.place(v4);
      out.add(Bpf.LD_B_IND, IPV4_TTL_AT);
      out.place(loaded);
    }
  },
  ARP_OPERATION(PacketColumn.ARP_OPERATION, HeaderDecoder.NETWORK_OFFSET, 0, 0xFFFF) {
    @Override
    void load(BpfAssembler out, Label absent) {
      out.add(Bpf.LD_MEM, HeaderDecoder.ETHER_TYPE);
      out.require(Bpf.JEQ_K, EtherType.ARP, absent);
      out.add(Bpf.LDX_MEM, HeaderDecoder.NETWORK_OFFSET);
      out.add(Bpf.LD_MEM, HeaderDecoder.LENGTH).add(Bpf.SUB_X, 0);
      out.require(Bpf.JGE_K, ARP_BYTES, absent);
      out.add(Bpf.LD_H_IND, ARP_OPERATION_AT);
    }
  },
  ICMP_TYPE(PacketColumn.ICMP_TYPE, HeaderDecoder.ICMP, 8, 0xFF),
  ICMP_CODE(PacketColumn.ICMP_CODE, HeaderDecoder.ICMP, 0, 0xFF),
  TCP_FLAGS(PacketColumn.TCP_FLAGS, HeaderDecoder.TCP_FLAGS, 0, 0xFF),
  PACKET_TYPE(PacketColumn.PACKET_TYPE, HeaderDecoder.PACKET_TYPE, 0, 0xFF);

  private static final int IPV4_TTL_AT = 8;
  private static final int IPV6_HOP_LIMIT_AT = 7;
  private static final int ARP_BYTES = 8;
  private static final int ARP_OPERATION_AT = 6;

  private final PacketColumn column;
  private final int word;
  private final int shift;
  private final int mask;

  HeaderField(PacketColumn column, int word, int shift, int mask) {
    this.column = column;
    this.word = word;
    this.shift = shift;
    this.mask = mask;
  }

  static Optional<HeaderField> of(PacketColumn column) {
    return Arrays.stream(values()).filter(each -> each.column == column).findFirst();
  }

  PacketColumn column() {
    return column;
  }

  /** Writes BPF that leaves the value in the accumulator, or goes to a label if it is absent. */
  void load(BpfAssembler out, Label absent) {
    out.add(Bpf.LD_MEM, word);
    out.leaveIf(Bpf.JEQ_K, HeaderDecoder.ABSENT, absent);
    if (shift > 0) {
      out.add(Bpf.RSH_K, shift);
    }
    out.add(Bpf.AND_K, mask);
  }

  /** Whether the kernel finds it in every frame as {@link PacketHeaders} does. */
  boolean isExact() {
    return !HeaderDecoder.isBehindExtensions(word);
  }

  /** The value, or -1 where the frame has none. */
  long of(Frame frame, PacketHeaders headers) {
    return ColumnValues.number(column, frame, headers);
  }
}
