package dev.ringtap.flink.table;

import dev.ringtap.capture.Frame;
import dev.ringtap.filter.Bpf;
import dev.ringtap.flink.table.BpfAssembler.Label;
import dev.ringtap.packet.PacketHeaders;

/**
 * A MAC address of an Ethernet frame.
 *
 * @param source whether it is the sender's, or the receiver's
 * @param address as a number of 48 bits
 * @param equal whether it must be that one, or another
 */
record MacPredicate(boolean source, long address, boolean equal) implements Predicate {
  private static final long serialVersionUID = 1;

  /** How columns show a MAC address. */
  static final String FORM = "[0-9a-f]{2}(:[0-9a-f]{2}){5}";

  private static final int ETHERNET_BYTES = 14;
  private static final int SOURCE_AT = 6;

  /** Compares with an address as the column shows it. */
  MacPredicate(boolean source, String address, boolean equal) {
    this(source, Long.parseLong(address.replace(":", ""), 16), equal);
  }

  @Override
  public boolean test(Frame frame, PacketHeaders headers) {
    long found = source ? headers.srcMac() : headers.dstMac();
    return found >= 0 && (found == address) == equal;
  }

  @Override
  public void write(BpfAssembler out, Label yes, Label no) {
    int at = source ? SOURCE_AT : 0;
    Label other = equal ? no : yes;
    out.add(Bpf.LD_MEM, HeaderDecoder.ETHERNET_LENGTH);
    out.require(Bpf.JGE_K, ETHERNET_BYTES, no);
    out.add(Bpf.LD_W_ABS, at);
    out.require(Bpf.JEQ_K, (int) (address >>> 16), other);
    out.add(Bpf.LD_H_ABS, at + 4);
    out.require(Bpf.JEQ_K, (int) address & 0xFFFF, other);
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
