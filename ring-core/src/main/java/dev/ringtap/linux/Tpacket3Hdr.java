package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * The header of a frame in a TPACKET_V3 block, from {@code <linux/if_packet.h>}; a {@link
 * SockaddrLl} follows it directly:
 *
 * <pre>{@code
 * struct tpacket3_hdr {
 *   __u32 tp_next_offset;   // bytes to the next frame's header; 0 on the last one
 *   __u32 tp_sec;
 *   __u32 tp_nsec;
 *   __u32 tp_snaplen;       // bytes of the frame in the ring
 *   __u32 tp_len;           // bytes of the frame on the wire, without a stripped VLAN tag
 *   __u32 tp_status;
 *   __u16 tp_mac;           // bytes from this header to the frame
 *   __u16 tp_net;
 *   union { struct tpacket_hdr_variant1 {
 *     __u32 tp_rxhash;
 *     __u32 tp_vlan_tci;
 *     __u16 tp_vlan_tpid;
 *     __u16 tp_padding;
 *   } hv1; };
 *   __u8 tp_padding[8];
 * };
 * }</pre>
 */
public final class Tpacket3Hdr {
  public static final int BYTES = 48;

  /** Headers are aligned to this many bytes. */
  public static final int ALIGNMENT = 8;

  public static final int TP_STATUS_CSUMNOTREADY = 8;
  public static final int TP_STATUS_VLAN_VALID = 0x10;
  public static final int TP_STATUS_VLAN_TPID_VALID = 0x40;
  public static final int TP_STATUS_GSO_TCP = 0x100;
  public static final int TP_STATUS_TS_RAW_HARDWARE = 1 << 31;

  static final long TP_NEXT_OFFSET = 0;
  static final long TP_SEC = 4;
  static final long TP_NSEC = 8;
  static final long TP_SNAPLEN = 12;
  static final long TP_LEN = 16;
  static final long TP_STATUS = 20;
  static final long TP_MAC = 24;
  static final long TP_NET = 26;
  static final long TP_RXHASH = 28;
  static final long TP_VLAN_TCI = 32;
  static final long TP_VLAN_TPID = 36;
  static final long TP_PADDING = 40;

  private Tpacket3Hdr() {}

  /**
   * {@code tp_next_offset}, and {@code tp_sec}, which is unsigned and good until 2106, at once. A
   * walk reads the header in such pairs, which {@link #first} and {@link #second} take apart: each
   * access of a segment is checked, and a loop with fewer of them is compiled into one piece.
   */
  public static long nextOffsetAndSec(MemorySegment ring, long frame) {
    return ring.get(JAVA_LONG_UNALIGNED, frame + TP_NEXT_OFFSET);
  }

  /** {@code tp_nsec} and {@code tp_snaplen}. */
  public static long nsecAndSnaplen(MemorySegment ring, long frame) {
    return ring.get(JAVA_LONG_UNALIGNED, frame + TP_NSEC);
  }

  /** {@code tp_len} and {@code tp_status}. */
  public static long lenAndStatus(MemorySegment ring, long frame) {
    return ring.get(JAVA_LONG_UNALIGNED, frame + TP_LEN);
  }

  /** {@code tp_vlan_tci}, and what {@link #firstShort} of {@link #second} takes the TPID from. */
  public static long vlanTciAndTpid(MemorySegment ring, long frame) {
    return ring.get(JAVA_LONG_UNALIGNED, frame + TP_VLAN_TCI);
  }

  /** The number of a pair that lies first in memory. */
  public static int first(long pair) {
    return (int) pair;
  }

  /** The number of a pair that lies second in memory. */
  public static int second(long pair) {
    return (int) (pair >>> Integer.SIZE);
  }

  /** The 16 bits of a number that lie first in memory, unsigned. */
  public static int firstShort(int number) {
    return number & 0xFFFF;
  }

  public static int nextOffset(MemorySegment ring, long frame) {
    return ring.get(JAVA_INT, frame + TP_NEXT_OFFSET);
  }

  public static int status(MemorySegment ring, long frame) {
    return ring.get(JAVA_INT, frame + TP_STATUS);
  }

  public static int mac(MemorySegment ring, long frame) {
    return Short.toUnsignedInt(ring.get(JAVA_SHORT, frame + TP_MAC));
  }

  /** Bytes from this header to the network layer. */
  public static int net(MemorySegment ring, long frame) {
    return Short.toUnsignedInt(ring.get(JAVA_SHORT, frame + TP_NET));
  }

  /**
   * Writes a frame header as the kernel does; {@code tp_next_offset} follows with the next frame.
   */
  public static void write(
      MemorySegment ring,
      long frame,
      int sec,
      int nsec,
      int snaplen,
      int len,
      int status,
      int mac,
      int vlanTci,
      int vlanTpid) {
    int macAndNet = shorts(mac, mac);
    ring.set(JAVA_LONG_UNALIGNED, frame + TP_NEXT_OFFSET, pair(0, sec));
    ring.set(JAVA_LONG_UNALIGNED, frame + TP_NSEC, pair(nsec, snaplen));
    ring.set(JAVA_LONG_UNALIGNED, frame + TP_LEN, pair(len, status));
    ring.set(JAVA_LONG_UNALIGNED, frame + TP_MAC, pair(macAndNet, 0));
    ring.set(JAVA_LONG_UNALIGNED, frame + TP_VLAN_TCI, pair(vlanTci, shorts(vlanTpid, 0)));
    ring.set(JAVA_LONG_UNALIGNED, frame + TP_PADDING, 0L);
  }

  private static long pair(int first, int second) {
    return Integer.toUnsignedLong(first) | (long) second << Integer.SIZE;
  }

  private static int shorts(int first, int second) {
    return first & 0xFFFF | second << Short.SIZE;
  }

  public static void setNextOffset(MemorySegment ring, long frame, int nextOffset) {
    ring.set(JAVA_INT, frame + TP_NEXT_OFFSET, nextOffset);
  }
}
