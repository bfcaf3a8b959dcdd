package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;

/**
 * A MAC address of an Ethernet frame.
 *
 * @param source whether it is the sender's, or the receiver's
 * @param address as the column shows it
 * @param equal whether it must be that one, or another
 */
record MacPredicate(boolean source, String address, boolean equal) implements Predicate {
  private static final long serialVersionUID = 1;

  /** How columns show a MAC address. */
  static final String FORM = "[0-9a-f]{2}(:[0-9a-f]{2}){5}";

  private static final int ETHERNET_BYTES = 14;
  private static final int SOURCE_AT = 6;

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    String found = source ? headers.ethSrc() : headers.ethDst();
    return found != null && found.equals(address) == equal;
  }

  @Override
  public void write(BpfAssembler out, Label yes, Label no) {
    int at = source ? SOURCE_AT : 0;
    String hex = address.replace(":", "");
    Label other = equal ? no : yes;
    out.add(Bpf.LD_MEM, HeaderDecoder.ETHERNET_LENGTH);
    out.require(Bpf.JGE_K, ETHERNET_BYTES, no);
    out.add(Bpf.LD_W_ABS, at);
    out.require(Bpf.JEQ_K, Integer.parseUnsignedInt(hex.substring(0, 8), 16), other);
    out.add(Bpf.LD_H_ABS, at + 4);
    out.require(Bpf.JEQ_K, Integer.parseInt(hex.substring(8), 16), other);
    out.go(equal ? yes : no);
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
