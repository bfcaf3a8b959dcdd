package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A view of one frame inside a {@link Block}. Each block has one view and moves it along: after
 * {@link Block#next()} the same object shows the next frame, and after the block was given back any
 * access throws {@link IllegalStateException}. Copy what you want to keep.
 *
 * <p>The network card or the kernel takes a frame's outermost VLAN tag off and keeps it beside the
 * frame. {@link #copyPayload} puts it back where it was, so the payload is the frame as on the
 * wire; {@link #memory()} and {@link #dataOffset()} show the bytes as they lie in the ring.
 *
 * <p>Not thread-safe: for the thread that holds the block.
 */
public final class Frame {
  private static final int MAC_ADDRESSES_BYTES = 12;
  private static final int VLAN_TAG_BYTES = 4;
  private static final int ETHERTYPE_VLAN = 0x8100;
  private static final int ETHERTYPE_QINQ = 0x88A8;
  private static final int ETHERTYPE_QINQ_OLD = 0x9100;
  private static final ValueLayout.OfShort BE_SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Block block;
  private MemorySegment memory = Block.GIVEN_BACK;
  private long header;
  private long data;
  private int capturedLength;
  private long sequence;
  private long lostBefore;

  Frame(Block block) {
    this.block = block;
  }

  void show(
      MemorySegment memory,
      long header,
      long data,
      int capturedLength,
      long sequence,
      long lostBefore) {
    this.memory = memory;
    this.header = header;
    this.data = data;
    this.capturedLength = capturedLength;
    this.sequence = sequence;
    this.lostBefore = lostBefore;
  }

  void hide() {
    memory = Block.GIVEN_BACK;
  }

  /** When the kernel or the network card saw the frame, in nanoseconds since 1970 UTC. */
  public long timestampNanos() {
    return Integer.toUnsignedLong(Tpacket3Hdr.sec(memory, header)) * 1_000_000_000L
        + Integer.toUnsignedLong(Tpacket3Hdr.nsec(memory, header));
  }

  /** Position of the frame in its capture, from 0, without holes. */
  public long sequence() {
    return sequence;
  }

  /** Frames that the kernel dropped between the previous frame of this capture and this one. */
  public long lostBefore() {
    return lostBefore;
  }

  /** Length on the wire in bytes, the VLAN tag included. */
  public int originalLength() {
    return Tpacket3Hdr.len(memory, header) + strippedTagBytes();
  }

  /** Bytes of the payload: the frame with its VLAN tag in place, cut to the snap length. */
  public int payloadLength() {
    return Math.min(capturedLength + strippedTagBytes(), block.snapLengthBytes());
  }

  /** LINKTYPE value of the payload's first header. */
  public int linkType() {
    return block.linkType();
  }

  /** Name of the capturing interface. */
  public String interfaceName() {
    return block.interfaceName();
  }

  /** For whom the frame was. */
  public PacketType packetType() {
    return PacketType.of(SockaddrLl.pktType(memory, header + Tpacket3Hdr.BYTES));
  }

  /** Whether the checksums are not filled in yet, as with frames of a local sender. */
  public boolean checksumNotReady() {
    return (Tpacket3Hdr.status(memory, header) & Tpacket3Hdr.TP_STATUS_CSUMNOTREADY) != 0;
  }

  /**
   * The outermost VLAN tag as on the wire, TPID in the upper and TCI in the lower 16 bits; 0 where
   * the frame has none. The tag counts wherever it was found: beside the frame or still inside it.
   */
  public int vlanTag() {
    int stripped = strippedTag();
    if (stripped != 0) {
      return stripped;
    }
    if (block.linkType() != LinkType.ETHERNET
        || capturedLength < MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES) {
      return 0;
    }
    int inline = memory.get(BE_INT, data + MAC_ADDRESSES_BYTES);
    int tpid = inline >>> 16;
    boolean tagged = tpid == ETHERTYPE_VLAN || tpid == ETHERTYPE_QINQ || tpid == ETHERTYPE_QINQ_OLD;
    return tagged ? inline : 0;
  }

  /** The ring's memory, shared by all frames of the block. Read-only by contract. */
  public MemorySegment memory() {
    return memory;
  }

  /** Offset in {@link #memory()} of the frame's first byte, a stripped tag not in place. */
  public long dataOffset() {
    return data;
  }

  /** Bytes at {@link #dataOffset()}, a stripped tag not counted. */
  public int capturedLength() {
    return capturedLength;
  }

  /**
   * Copies the payload, VLAN tag in place.
   *
   * @param target where {@link #payloadLength()} bytes go
   * @param offset offset of the first one in {@code target}
   * @throws IndexOutOfBoundsException if {@code target} has no room for them
   */
  public void copyPayload(MemorySegment target, long offset) {
    int tag = strippedTag();
    if (tag == 0 || capturedLength < MAC_ADDRESSES_BYTES) {
      MemorySegment.copy(memory, data, target, offset, payloadLength());
      return;
    }
    int length = payloadLength();
    MemorySegment.copy(memory, data, target, offset, Math.min(length, MAC_ADDRESSES_BYTES));
    if (length < MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES) {
      for (int i = MAC_ADDRESSES_BYTES; i < length; i++) {
        int shift = 8 * (MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES - 1 - i);
        target.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (tag >>> shift));
      }
      return;
    }
    target.set(BE_INT, offset + MAC_ADDRESSES_BYTES, tag);
    MemorySegment.copy(
        memory,
        data + MAC_ADDRESSES_BYTES,
        target,
        offset + MAC_ADDRESSES_BYTES + VLAN_TAG_BYTES,
        length - MAC_ADDRESSES_BYTES - VLAN_TAG_BYTES);
  }

  /** Big-endian unsigned 16 bits of the frame as it lies in the ring. */
  public int unsignedShortAt(int index) {
    return Short.toUnsignedInt(memory.get(BE_SHORT, data + index));
  }

  private int strippedTagBytes() {
    return strippedTag() != 0 && capturedLength >= MAC_ADDRESSES_BYTES ? VLAN_TAG_BYTES : 0;
  }

  /**
   * The tag that was taken off, or 0. As libpcap's VLAN_VALID and VLAN_TPID: kernels before 3.14
   * set neither status bit, so a TCI or TPID other than 0 counts too.
   */
  private int strippedTag() {
    int status = Tpacket3Hdr.status(memory, header);
    int tci = Tpacket3Hdr.vlanTci(memory, header);
    if (tci == 0 && (status & Tpacket3Hdr.TP_STATUS_VLAN_VALID) == 0) {
      return 0;
    }
    int tpid = Tpacket3Hdr.vlanTpid(memory, header);
    if (tpid == 0 && (status & Tpacket3Hdr.TP_STATUS_VLAN_TPID_VALID) == 0) {
      tpid = ETHERTYPE_VLAN;
    }
    return tpid << 16 | tci & 0xFFFF;
  }
}
