package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** An IP address of the frame in a subnet, or outside of it; an address is a subnet of one. */
final class SubnetPredicate implements Predicate {
  private static final long serialVersionUID = 1;

  private static final int IPV4_SRC = 12;
  private static final int IPV4_DST = 16;
  private static final int IPV6_SRC = 8;
  private static final int IPV6_DST = 24;
  private static final int WORD_BITS = 32;
  private static final long LOWER_32 = 0xFFFF_FFFFL;

  private final boolean source;
  private final Subnet subnet;
  private final boolean inside;

  /** The subnet as numbers, in which an address is compared without a text of it. */
  private final int ipVersion;

  private final long upper;
  private final long upperMask;
  private final long lower;
  private final long lowerMask;

  /**
   * @param source whether it is the source address, or the destination
   * @param inside whether it must be in the subnet, or outside
   */
  SubnetPredicate(boolean source, Subnet subnet, boolean inside) {
    this.source = source;
    this.subnet = subnet;
    this.inside = inside;
    ByteBuffer address = ByteBuffer.wrap(subnet.address());
    int bits = subnet.prefixBits();
    if (address.capacity() == Integer.BYTES) {
      ipVersion = 4;
      upperMask = 0;
      upper = 0;
      lowerMask = mask(bits + Integer.SIZE) & LOWER_32;
      lower = address.getInt(0) & lowerMask;
    } else {
      ipVersion = 6;
      upperMask = mask(Math.min(bits, Long.SIZE));
      upper = address.getLong(0) & upperMask;
      lowerMask = mask(Math.max(0, bits - Long.SIZE));
      lower = address.getLong(Long.BYTES) & lowerMask;
    }
  }

  /** A number whose first bits are set. */
  private static long mask(int bits) {
    return bits == 0 ? 0 : -1L << Long.SIZE - bits;
  }

  SubnetPredicate negated() {
    return new SubnetPredicate(source, subnet, !inside);
  }

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    int version = headers.ipVersion();
    return version >= 0 && (version == ipVersion && contains(headers)) == inside;
  }

  private boolean contains(PacketHeaders headers) {
    return source
        ? (headers.ipSrcUpper() & upperMask) == upper && (headers.ipSrcLower() & lowerMask) == lower
        : (headers.ipDstUpper() & upperMask) == upper
            && (headers.ipDstLower() & lowerMask) == lower;
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
