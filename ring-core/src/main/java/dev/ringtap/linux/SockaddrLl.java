package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * A link-layer address, from {@code <linux/if_packet.h>}:
 *
 * <pre>{@code
 * struct sockaddr_ll {
 *   unsigned short sll_family;
 *   __be16         sll_protocol;
 *   int            sll_ifindex;
 *   unsigned short sll_hatype;
 *   unsigned char  sll_pkttype;
 *   unsigned char  sll_halen;
 *   unsigned char  sll_addr[8];
 * };
 * }</pre>
 */
public final class SockaddrLl {
  public static final int BYTES = 20;

  static final long SLL_FAMILY = 0;
  static final long SLL_PROTOCOL = 2;
  static final long SLL_IFINDEX = 4;
  static final long SLL_HATYPE = 8;
  static final long SLL_PKTTYPE = 10;
  static final long SLL_HALEN = 11;
  static final long SLL_ADDR = 12;

  private SockaddrLl() {}

  /**
   * Writes the address that binds a packet socket.
   *
   * @param protocol EtherType in host byte order
   */
  public static void write(MemorySegment address, int protocol, int ifindex) {
    address.asSlice(0, BYTES).fill((byte) 0);
    address.set(JAVA_SHORT, SLL_FAMILY, (short) Libc.AF_PACKET);
    address.set(JAVA_SHORT, SLL_PROTOCOL, Short.reverseBytes((short) protocol));
    address.set(JAVA_INT, SLL_IFINDEX, ifindex);
  }

  public static int ifindex(MemorySegment address) {
    return address.get(JAVA_INT, SLL_IFINDEX);
  }

  /** {@code sll_pkttype}: 0 HOST, 1 BROADCAST, 2 MULTICAST, 3 OTHERHOST, 4 OUTGOING. */
  public static int pktType(MemorySegment ring, long address) {
    return Byte.toUnsignedInt(ring.get(JAVA_BYTE, address + SLL_PKTTYPE));
  }

  /** {@code sll_protocol}: the EtherType, or one of the numbers below 1536 that Linux adds. */
  public static int protocol(MemorySegment ring, long address) {
    return Short.toUnsignedInt(Short.reverseBytes(ring.get(JAVA_SHORT, address + SLL_PROTOCOL)));
  }

  public static int ifindex(MemorySegment ring, long address) {
    return ring.get(JAVA_INT, address + SLL_IFINDEX);
  }

  /** {@code sll_hatype}: the ARPHRD_ number. */
  public static int haType(MemorySegment ring, long address) {
    return Short.toUnsignedInt(ring.get(JAVA_SHORT, address + SLL_HATYPE));
  }

  /** {@code sll_halen}: bytes of the sender's address, of which at most 8 are kept. */
  public static int haLen(MemorySegment ring, long address) {
    return Byte.toUnsignedInt(ring.get(JAVA_BYTE, address + SLL_HALEN));
  }

  /** {@code sll_addr}: the sender's address, its first byte in the highest bits. */
  public static long addr(MemorySegment ring, long address) {
    return Long.reverseBytes(ring.get(JAVA_LONG_UNALIGNED, address + SLL_ADDR));
  }

  /** Writes a frame's address as the kernel does; the sender's comes first byte highest. */
  public static void write(
      MemorySegment ring,
      long address,
      int protocol,
      int ifindex,
      int haType,
      int pktType,
      int haLen,
      long addr) {
    ring.set(JAVA_SHORT, address + SLL_FAMILY, (short) Libc.AF_PACKET);
    ring.set(JAVA_SHORT, address + SLL_PROTOCOL, Short.reverseBytes((short) protocol));
    ring.set(JAVA_INT, address + SLL_IFINDEX, ifindex);
    ring.set(JAVA_SHORT, address + SLL_HATYPE, (short) haType);
    ring.set(JAVA_BYTE, address + SLL_PKTTYPE, (byte) pktType);
    ring.set(JAVA_BYTE, address + SLL_HALEN, (byte) haLen);
    ring.set(JAVA_LONG_UNALIGNED, address + SLL_ADDR, Long.reverseBytes(addr));
  }
}
