package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.ringtap.filter.Ancillary;
import dev.ringtap.filter.BpfInterpreter;
import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A view of one frame inside a {@link Block}. Each block has one view and moves it along: after
 * {@link Block#next()} the same object shows the next frame. While no frame is shown, and after the
 * block was released, every method throws {@link IllegalStateException}. Copy what you want to
 * keep.
 *
 * <p>The network card or the kernel takes a frame's outermost VLAN tag off and keeps it beside the
 * frame. {@link #copyPayload} puts it back where it was, so the payload is the frame as on the
 * wire; a {@link ByteView} shows the bytes as they lie in the ring.
 *
 * <p>On a cooked capture (interface {@code any}, PPP and other devices whose own header is of no
 * use) the kernel takes the layer-2 header off. The payload then begins with a Linux cooked header
 * made of what the kernel says about the frame, as libpcap makes it; it does not lie in the ring.
 *
 * <p>Not thread-safe: for the thread that holds the block.
 */
public final class Frame {
  /** In place of a payload's length while no frame is shown. */
  private static final int HIDDEN = -1;

  private static final ValueLayout.OfShort BE_SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final FrameOrigin origin;
  private final ReadableMemory readable;

  private MemorySegment memory = ReadableMemory.ENDED;
  private long header;
  private long data;
  private int capturedLength;
  private long timestampNanos;

  /** Length on the wire, a stripped tag not counted. */
  private int ringLength;

  private long sequence;
  private long lostBefore;

  /** The tag that was taken off, or 0. */
  private int strippedTag;

  /** Bytes of the payload that do not lie in the ring as its part. */
  private int putBackBytes;

  private int payloadLength = HIDDEN;

  private int lastInterface;
  private @Nullable CaptureId lastCapture;

  // the origin's, here because every frame asks for them
  private final int snapLengthBytes;
  private final int cookedHeaderBytes;
  private final int tagOffset;

  /** A cooked header under construction; nothing outlives the call that fills it. */
  private final MemorySegment cooked;

  /**
   * @param origin what the frames have in common
   * @param readable where they lie, until the block is released
   */
  Frame(FrameOrigin origin, ReadableMemory readable) {
    this.origin = origin;
    this.readable = readable;
    this.snapLengthBytes = origin.snapLengthBytes();
    this.cookedHeaderBytes = origin.cookedHeaderBytes();
    this.tagOffset = origin.tagOffset();
    this.cooked =
        cookedHeaderBytes == 0
            ? MemorySegment.NULL
            : MemorySegment.ofArray(new byte[cookedHeaderBytes + VlanTag.BYTES]);
  }

  /** The frames to come lie in this memory. */
  void showIn(MemorySegment ring) {
    memory = ring;
    payloadLength = HIDDEN;
  }

  void show(
      long header,
      long data,
      int capturedLength,
      long timestampNanos,
      long sequence,
      long lostBefore) {
    this.header = header;
    this.data = data;
    this.capturedLength = capturedLength;
    this.timestampNanos = timestampNanos;
    this.sequence = sequence;
    this.lostBefore = lostBefore;
    MemorySegment ring = memory;
    long lenAndStatus = Tpacket3Hdr.lenAndStatus(ring, header);
    ringLength = Tpacket3Hdr.first(lenAndStatus);
    strippedTag =
        VlanTag.stripped(
            Tpacket3Hdr.second(lenAndStatus), Tpacket3Hdr.vlanTciAndTpid(ring, header));
    measure();
  }

  /**
   * The tag's condition is libpcap's, which looks at the captured bytes alone: a cooked header does
   * not count.
   */
  private void measure() {
    putBackBytes =
        cookedHeaderBytes + (strippedTag != 0 && capturedLength >= tagOffset ? VlanTag.BYTES : 0);
    payloadLength = Math.min(capturedLength + putBackBytes, snapLengthBytes);
  }

  /** See {@link Block#cutFrame}. */
  void cutTo(int bytes) {
    requireShown();
    if (Integer.compareUnsigned(bytes, capturedLength) < 0) {
      capturedLength = bytes;
      measure();
    }
  }

  /** Shows no frame; the last one that was read has its header there. */
  void passTo(long lastHeader) {
    header = lastHeader;
    payloadLength = HIDDEN;
  }

  void hide() {
    memory = ReadableMemory.ENDED;
    payloadLength = HIDDEN;
  }

  /** When the kernel or the network card saw the frame, in nanoseconds since 1970 UTC. */
  public long timestampNanos() {
    requireShown();
    return timestampNanos;
  }

  /**
   * Bits of {@link FrameFlags}: whose clock the time is, whether the checksums are filled in, and
   * whether segments are merged.
   */
  public int flags() {
    return FrameFlags.ofStatus(Tpacket3Hdr.status(memory, header));
  }

  /** Position of the frame in its capture, from 0, without holes. */
  public long sequence() {
    requireShown();
    return sequence;
  }

  /**
   * The capture that the frame is of, within which {@link #sequence} and {@link #lostBefore} count.
   * Its interface is the frame's own: on a capture of {@code any} the kernel is asked for the name
   * with the first frame of each interface, and {@code any} stands for one that is gone by then. An
   * interface that is renamed keeps the name that its first frames had. The same object for all
   * frames of one capture and interface.
   */
  public CaptureId capture() {
    requireShown();
    InterfaceNames names = origin.frameInterfaces();
    return names == null ? origin.capture() : ofOwnInterface(names);
  }

  private CaptureId ofOwnInterface(InterfaceNames names) {
    int ifindex = interfaceIndex();
    if (lastCapture == null || ifindex != lastInterface) {
      lastCapture = names.of(ifindex);
      lastInterface = ifindex;
    }
    return lastCapture;
  }

  /** Frames that the kernel dropped between the previous frame of this capture and this one. */
  public long lostBefore() {
    requireShown();
    return lostBefore;
  }

  /** See {@link Block#renumberFrame}. */
  void renumber(long sequence, long lostBefore) {
    requireShown();
    this.sequence = sequence;
    this.lostBefore = lostBefore;
  }

  /** Length on the wire in bytes, the VLAN tag included; a cooked header counts too. */
  public int originalLength() {
    requireShown();
    return ringLength + putBackBytes;
  }

  /**
   * Bytes of the payload: the frame with its VLAN tag in place and its cooked header, if it has
   * one, cut to the snap length.
   */
  public int payloadLength() {
    requireShown();
    return payloadLength;
  }

  private void requireShown() {
    if (payloadLength == HIDDEN) {
      throw new IllegalStateException("no frame is shown, or its block was released");
    }
  }

  /** LINKTYPE value of the payload's first header. */
  public int linkType() {
    requireShown();
    return origin.linkType();
  }

  /** Name of the interface that the frame was seen on, as {@link #capture} has it. */
  public String interfaceName() {
    return capture().interfaceName();
  }

  /** Index of the interface that the frame was seen on. 0 in a file's frames. */
  int interfaceIndex() {
    return SockaddrLl.ifindex(memory, header + Tpacket3Hdr.BYTES);
  }

  /** For whom the frame was. */
  public PacketType packetType() {
    return PacketType.of(SockaddrLl.pktType(memory, header + Tpacket3Hdr.BYTES));
  }

  /**
   * The outermost VLAN tag as on the wire, TPID in the upper and TCI in the lower 16 bits; 0 where
   * the frame has none. The tag counts wherever it was found: beside the frame or still inside it.
   */
  public int vlanTag() {
    requireShown();
    if (strippedTag != 0) {
      return strippedTag;
    }
    if (origin.linkType() == LinkType.ETHERNET) {
      return VlanTag.inside(memory, data, capturedLength);
    }
    if (cookedHeaderBytes != 0 && capturedLength >= Short.BYTES) {
      return VlanTag.ofBits(protocol() << 16 | unsignedShortAt(0));
    }
    return 0;
  }

  /** The tag that was taken off, as {@link #vlanTag}, or 0. */
  int strippedTag() {
    return strippedTag;
  }

  /** Whether the outermost tag lies beside the frame and not among its bytes in the ring. */
  public boolean isTagStripped() {
    requireShown();
    return strippedTag != 0;
  }

  /** The ring's memory, shared by all frames of the block. */
  MemorySegment memory() {
    return memory;
  }

  /** As {@link #memory}, for views that go on when the next frame is shown. */
  ReadableMemory readableMemory() {
    return readable;
  }

  /**
   * Bytes of the cooked header that the payload begins with and the ring does not hold: 0 on most
   * captures, 16 or 20 on cooked ones. {@link #linkType} tells which header it is.
   */
  public int cookedHeaderLength() {
    requireShown();
    return cookedHeaderBytes;
  }

  /** The frame's EtherType as the kernel sees it: {@code sll_protocol}. 0 in a file's frames. */
  public int protocol() {
    return SockaddrLl.protocol(memory, header + Tpacket3Hdr.BYTES);
  }

  /** ARPHRD_ number of the frame's interface: {@code sll_hatype}. 0 in a file's frames. */
  public int hardwareType() {
    return SockaddrLl.haType(memory, header + Tpacket3Hdr.BYTES);
  }

  /** Bytes of the sender's layer-2 address, as the kernel saw it; 0 where it saw none. */
  public int senderAddressLength() {
    return SockaddrLl.haLen(memory, header + Tpacket3Hdr.BYTES);
  }

  /** The first 8 bytes of the sender's layer-2 address, the first one in the highest bits. */
  public long senderAddress() {
    return SockaddrLl.addr(memory, header + Tpacket3Hdr.BYTES);
  }

  /** Offset in {@link #memory()} of the first of {@link #capturedLength()} bytes. */
  long dataOffset() {
    return data;
  }

  /** Bytes of the frame in the ring, a stripped tag and a cooked header not counted. */
  public int capturedLength() {
    requireShown();
    return capturedLength;
  }

  /** A copy of the payload, cooked header and VLAN tag in place. */
  public byte[] payload() {
    byte[] payload = new byte[payloadLength()];
    copyPayload(payload, 0);
    return payload;
  }

  /**
   * Copies the payload, cooked header and VLAN tag in place.
   *
   * @param target where {@link #payloadLength()} bytes go
   * @param offset index of the first one in {@code target}
   * @throws IndexOutOfBoundsException if {@code target} has no room for them
   */
  public void copyPayload(byte[] target, int offset) {
    int length = payloadLength();
    if (putBackBytes == 0) {
      copy(data, target, offset, length);
    } else if (cookedHeaderBytes != 0) {
      copyCooked(target, offset, length);
    } else {
      VlanTag.copyWith(strippedTag, memory, data, tagOffset, target, offset, length);
    }
  }

  private void copyCooked(byte[] target, int offset, int length) {
    int tag = capturedLength >= tagOffset ? strippedTag : 0;
    CookedHeader.write(cooked, memory, header + Tpacket3Hdr.BYTES, origin.linkType(), tag);
    int headerLength = Math.min(length, putBackBytes);
    MemorySegment.copy(cooked, ValueLayout.JAVA_BYTE, 0, target, offset, headerLength);
    copy(data, target, offset + headerLength, length - headerLength);
  }

  private void copy(long from, byte[] target, int offset, int length) {
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, from, target, offset, length);
  }

  /** Where the network layer begins, from {@link #dataOffset} on. */
  int networkOffset() {
    return Tpacket3Hdr.net(memory, header) - Tpacket3Hdr.mac(memory, header);
  }

  /** Length on the wire of what lies in the ring: a stripped tag not counted. */
  int ringLength() {
    return ringLength;
  }

  /** Where the frame's header lies in the ring. */
  long header() {
    return header;
  }

  /**
   * Runs a BPF program on the bytes that lie in the ring.
   *
   * @param ancillary what the program asks for beside them
   * @return bytes to keep, unsigned; 0 refuses the frame
   */
  public int run(BpfInterpreter program, Ancillary ancillary) {
    requireShown();
    return program.run(memory, data, capturedLength, ringLength, ancillary);
  }

  /**
   * Big-endian unsigned 16 bits of the frame as it lies in the ring.
   *
   * @throws IndexOutOfBoundsException if they are not within {@link #capturedLength()}
   */
  public int unsignedShortAt(int index) {
    requireShown();
    Objects.checkFromIndexSize(index, Short.BYTES, capturedLength);
    return Short.toUnsignedInt(memory.get(BE_SHORT, data + index));
  }
}
