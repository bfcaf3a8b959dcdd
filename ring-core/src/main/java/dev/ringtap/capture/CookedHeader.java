package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.ringtap.linux.SockaddrLl;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The headers that stand before a frame whose own layer-2 header the kernel took off, made of the
 * frame's {@link SockaddrLl} and big-endian throughout. Sources: {@code LINKTYPE_LINUX_SLL.html}
 * and {@code LINKTYPE_LINUX_SLL2.html} at https://www.tcpdump.org/linktypes/, and libpcap's {@code
 * pcap-linux.c}.
 *
 * <pre>{@code
 * struct sll_header  { u16 pkttype, hatype, halen; u8 addr[8]; u16 protocol; };
 * struct sll2_header { u16 protocol, zero; u32 ifindex; u16 hatype; u8 pkttype, halen, addr[8]; };
 * }</pre>
 */
final class CookedHeader {
  static final int SLL_BYTES = 16;
  static final int SLL2_BYTES = 20;

  /** As libpcap has it: room for the longest header and a byte, whatever was asked for. */
  static final int LEAST_SNAP_LENGTH_BYTES = SLL2_BYTES + 1;

  private static final int SLL_PROTOCOL_AT = 14;

  private static final ValueLayout.OfShort BE_SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE_LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private CookedHeader() {}

  /** Bytes of the header of a link type: all but {@link LinkType#LINUX_SLL2} have SLL's layout. */
  static int bytes(int linkType) {
    return linkType == LinkType.LINUX_SLL2 ? SLL2_BYTES : SLL_BYTES;
  }

  /**
   * Writes a header.
   *
   * @param address offset of the frame's address in {@code ring}
   * @param tag VLAN tag to put before SLL's protocol, or 0 for none
   */
  static void write(MemorySegment to, MemorySegment ring, long address, int linkType, int tag) {
    int protocol = SockaddrLl.protocol(ring, address);
    int haType = SockaddrLl.haType(ring, address);
    int pktType = SockaddrLl.pktType(ring, address);
    int haLen = SockaddrLl.haLen(ring, address);
    long addr = SockaddrLl.addr(ring, address);
    if (linkType == LinkType.LINUX_SLL2) {
      to.set(BE_SHORT, 0, (short) protocol);
      to.set(BE_SHORT, 2, (short) 0);
      to.set(BE_INT, 4, SockaddrLl.ifindex(ring, address));
      to.set(BE_SHORT, 8, (short) haType);
      to.set(BE_SHORT, 10, (short) (pktType << 8 | haLen));
      to.set(BE_LONG, 12, addr);
      return;
    }
    to.set(BE_SHORT, 0, (short) pktType);
    to.set(BE_SHORT, 2, (short) haType);
    to.set(BE_SHORT, 4, (short) haLen);
    to.set(BE_LONG, 6, addr);
    if (tag == 0) {
      to.set(BE_SHORT, SLL_PROTOCOL_AT, (short) protocol);
    } else {
      to.set(BE_INT, SLL_PROTOCOL_AT, tag);
      to.set(BE_SHORT, SLL_PROTOCOL_AT + Integer.BYTES, (short) protocol);
    }
  }
}
