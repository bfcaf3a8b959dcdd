package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.ringtap.linux.Tpacket3Hdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A frame's VLAN tag, which the kernel keeps beside the frame or which stands in it, as an int:
 * TPID in the upper and TCI in the lower 16 bits, 0 for none. The parts are those of IEEE 802.1Q.
 */
public final class VlanTag {
  static final int BYTES = 4;

  private static final int ETHERTYPE_VLAN = 0x8100;
  private static final int ETHERTYPE_QINQ = 0x88A8;
  private static final int ETHERTYPE_QINQ_OLD = 0x9100;

  /** What stands before a tag is moved as two longs: no frame's tag begins after them. */
  private static final int MOVED_BYTES = 2 * Long.BYTES;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final VarHandle BE_INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private VlanTag() {}

  /** Tag protocol identifier, such as 0x8100. */
  public static int tpid(int tag) {
    return tag >>> 16;
  }

  /** VLAN identifier, 0 to 4095. */
  public static int id(int tag) {
    return tag & 0xFFF;
  }

  /** Priority code point, 0 to 7. */
  public static int priority(int tag) {
    return tag >>> 13 & 7;
  }

  /** Drop eligible indicator. */
  public static boolean isDropEligible(int tag) {
    return (tag & 0x1000) != 0;
  }

  /**
   * The tag that was taken off. As libpcap's VLAN_VALID and VLAN_TPID: kernels before 3.14 set
   * neither status bit, so a TCI or TPID other than 0 counts too.
   *
   * @param vlanTciAndTpid {@link Tpacket3Hdr#vlanTciAndTpid}
   */
  static int stripped(int status, long vlanTciAndTpid) {
    int tci = Tpacket3Hdr.first(vlanTciAndTpid);
    if (tci == 0 && (status & Tpacket3Hdr.TP_STATUS_VLAN_VALID) == 0) {
      return 0;
    }
    int tpid = Tpacket3Hdr.firstShort(Tpacket3Hdr.second(vlanTciAndTpid));
    if (tpid == 0 && (status & Tpacket3Hdr.TP_STATUS_VLAN_TPID_VALID) == 0) {
      tpid = ETHERTYPE_VLAN;
    }
    return tpid << 16 | tci & 0xFFFF;
  }

  /**
   * The tag that stands in an Ethernet frame.
   *
   * @param data where the frame begins
   * @param length its bytes in the ring
   */
  static int inside(MemorySegment ring, long data, int length) {
    return length < LinkType.ETHERNET_TYPE_AT + BYTES ? 0 : inside(ring, data);
  }

  /** As the other, of a frame that is long enough. */
  static int inside(MemorySegment ring, long data) {
    return ofBits(ring.get(BE_INT, data + LinkType.ETHERNET_TYPE_AT));
  }

  /** The bits if they begin with the TPID that a tag has among a frame's bytes, otherwise 0. */
  public static int ofBits(int bits) {
    int tpid = bits >>> 16;
    boolean tagged = tpid == ETHERTYPE_VLAN || tpid == ETHERTYPE_QINQ || tpid == ETHERTYPE_QINQ_OLD;
    return tagged ? bits : 0;
  }

  /**
   * Copies a frame and puts back the tag that was taken off it.
   *
   * @param data where the frame begins
   * @param at where in it the tag belongs, at most 16
   * @param length bytes to write, the tag's included
   */
  static void copyWith(
      int tag, MemorySegment ring, long data, int at, byte[] target, int offset, int length) {
    if (length < MOVED_BYTES + BYTES) {
      copyShort(tag, ring, data, at, target, offset, length);
      return;
    }
    // one copy, to where the frame's end belongs; its beginning is moved from there
    MemorySegment.copy(ring, JAVA_BYTE, data, target, offset + BYTES, length - BYTES);
    long first = (long) LONGS.get(target, offset + BYTES);
    long second = (long) LONGS.get(target, offset + BYTES + Long.BYTES);
    LONGS.set(target, offset, first);
    LONGS.set(target, offset + Long.BYTES, second);
    BE_INTS.set(target, offset + at, tag);
  }

  private static void copyShort(
      int tag, MemorySegment ring, long data, int at, byte[] target, int offset, int length) {
    int before = Math.min(length, at);
    int after = Math.min(length, at + BYTES);
    MemorySegment.copy(ring, JAVA_BYTE, data, target, offset, before);
    for (int i = before; i < after; i++) {
      target[offset + i] = (byte) (tag >>> 8 * (at + BYTES - 1 - i));
    }
    MemorySegment.copy(ring, JAVA_BYTE, data + before, target, offset + after, length - after);
  }
}
