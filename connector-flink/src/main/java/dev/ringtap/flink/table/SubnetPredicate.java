package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;
import java.util.Arrays;

/** An IP address of the frame in a subnet, or outside of it; an address is a subnet of one. */
final class SubnetPredicate implements Predicate {
  private static final long serialVersionUID = 1;

  private static final int IPV4_SRC = 12;
  private static final int IPV4_DST = 16;
  private static final int IPV6_SRC = 8;
  private static final int IPV6_DST = 24;
  private static final int WORD_BITS = 32;

  private final boolean source;
  private final Subnet subnet;
  private final boolean inside;

  /**
   * @param source whether it is the source address, or the destination
   * @param inside whether it must be in the subnet, or outside
   */
  SubnetPredicate(boolean source, Subnet subnet, boolean inside) {
    this.source = source;
    this.subnet = subnet;
    this.inside = inside;
  }

  SubnetPredicate negated() {
    return new SubnetPredicate(source, subnet, !inside);
  }

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    String address = source ? headers.ipSrc() : headers.ipDst();
    return address != null && subnet.contains(Subnet.addressOrNull(address)) == inside;
  }

  @Override
  public void write(BpfAssembler out, Label yes, Label no) {
    Label in = inside ? yes : no;
    Label outside = inside ? no : yes;
    boolean v4 = subnet.address().length == 4;
    Label sameVersion = new Label();
    out.add(Bpf.LD_MEM, HeaderDecoder.IP_VERSION);
    out.leaveIf(Bpf.JEQ_K, HeaderDecoder.ABSENT, no);
    out.branch(Bpf.JEQ_K, v4 ? 4 : 6, sameVersion, outside);
    out.place(sameVersion);
    out.add(Bpf.LDX_MEM, HeaderDecoder.NETWORK_OFFSET);
    int at = v4 ? source ? IPV4_SRC : IPV4_DST : source ? IPV6_SRC : IPV6_DST;
    int bits = subnet.prefixBits();
    for (int word = 0; bits > 0; word++, bits -= WORD_BITS) {
      int mask = bits >= WORD_BITS ? -1 : -1 << WORD_BITS - bits;
      out.add(Bpf.LD_W_IND, at + 4 * word).add(Bpf.AND_K, mask);
      out.require(Bpf.JEQ_K, word(word) & mask, outside);
    }
    out.go(in);
  }

  private int word(int index) {
    int word = 0;
    for (byte each : Arrays.copyOfRange(subnet.address(), 4 * index, 4 * index + 4)) {
      word = word << 8 | each & 0xFF;
    }
    return word;
  }

  @Override
  public boolean isExact() {
    return true;
  }

  @Override
  public boolean needsTransport() {
    return false;
  }
}
