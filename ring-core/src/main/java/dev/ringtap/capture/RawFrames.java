package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/**
 * The frames of a {@link Block} as they lie in its memory, for an encoder that walks them itself: a
 * loop without calls and without a {@link Frame} is several times as fast.
 *
 * <p>Memory is read by its address, without the checks of a {@link MemorySegment}, which cost a
 * seventh of an encoder's time on a live ring: an address that is not mapped ends the process. So
 * the encoder checks each header before it uses it, as {@link Block#next()} does, leaves to that
 * whatever fails, and holds a pin while it reads. The address of a header has the bits of {@link
 * #HEADER_ADDRESS} alone and {@link #HEADERS_BYTES} before {@link #end}; the frame's bytes lie at
 * least so many after it, and before {@link #end} too. Values of headers are read once, in pairs:
 * the memory is shared with the kernel.
 *
 * <p>Not thread-safe.
 */
public final class RawFrames {
  /**
   * The bits that the address of a header can have, which is aligned and positive: what the
   * compiler sees masked by them is read without a check.
   */
  public static final long HEADER_ADDRESS = Long.MAX_VALUE >> 1 & -Tpacket3Hdr.ALIGNMENT;

  /** Bytes of a frame's headers. */
  public static final int HEADERS_BYTES = Block.FRAME_HEADERS_BYTES;

  private static final String ENCODERS = "dev.ringtap.record";

  /** An address is an offset in it. */
  @SuppressWarnings("restricted")
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Block block;
  private BlockMemory memory;
  private long base;
  private long pin;

  /**
   * @param caller an encoder of this library: memory without checks is for these alone
   * @throws IllegalCallerException if it is another class
   */
  @SuppressWarnings("NullAway.Init") // show comes first
  public RawFrames(MethodHandles.Lookup caller) {
    if (!caller.hasFullPrivilegeAccess()
        || !caller.lookupClass().getPackageName().equals(ENCODERS)) {
      throw new IllegalCallerException(caller + " may not read memory without checks");
    }
  }

  /**
   * Shows the block's next frames.
   *
   * @return whether they lie in the memory as their payload, except for a stripped tag, and this
   *     machine is little-endian; frames of a cooked capture and filtered ones do not lie so
   * @throws IllegalStateException if the block was released
   */
  public boolean show(Block of) {
    block = of;
    memory = of.slot().memory();
    base = memory.segment().address();
    return of.hasPlainFrames() && Machine.refusal() == null;
  }

  /**
   * Keeps the block's memory mapped until {@link #unpin}, which the caller calls soon: whoever
   * closes the block's source waits for it.
   *
   * @throws IllegalStateException if the source was closed
   */
  public void pin() {
    pin = memory.pin();
  }

  /** Ends {@link #pin}. */
  public void unpin() {
    memory.unpin(pin);
  }

  /** Address of the next header, unchecked; -1, which is not aligned, if it cannot lie anywhere. */
  public long header() {
    long header = block.nextHeader();
    return header < 0 ? -1 : base + header;
  }

  /** Address after the block's last byte. */
  public long end() {
    return base + block.end();
  }

  /** Frames that {@link Block#next()} has not shown. */
  public int left() {
    return block.framesLeft();
  }

  /** {@link Frame#sequence} of the next frame. */
  public long sequence() {
    return block.nextSequence();
  }

  /** {@link Frame#lostBefore} of the next frame; those after it have 0. */
  public long lostBefore() {
    return block.lostBeforeNext();
  }

  /** Whether a stripped tag goes back into the frames, after their two addresses. */
  public boolean putTagsBack() {
    return block.linkType() == LinkType.ETHERNET;
  }

  /**
   * Lets {@link Block#next()} go on after frames that were read here.
   *
   * @param frames how many; if none, the rest does not count
   * @param lastHeader address of the last one's header
   * @param nextHeader as {@link #header}
   */
  public void passed(int frames, long lastHeader, long nextHeader) {
    if (frames > 0) {
      block.passed(frames, lastHeader - base, nextHeader < 0 ? -1 : nextHeader - base);
    }
  }

  /**
   * Checks that all reads before were of the block's frames.
   *
   * @throws IllegalStateException if the block was released meanwhile
   */
  public void requireLeased() {
    block.requireLeasedUntilNow();
  }

  /** Bytes to the next header in the lower half, seconds of the time in the upper. */
  public long nextAndSeconds(long header) {
    return Tpacket3Hdr.nextOffsetAndSec(ALL, header);
  }

  /** Nanoseconds of the time in the lower half, bytes of the frame in the upper. */
  public long nanosAndLength(long header) {
    return Tpacket3Hdr.nsecAndSnaplen(ALL, header);
  }

  /** Original length in the lower half, status in the upper. */
  public long originalLengthAndStatus(long header) {
    return Tpacket3Hdr.lenAndStatus(ALL, header);
  }

  /** What {@link #strippedTag} is made of. */
  public long tag(long header) {
    return Tpacket3Hdr.vlanTciAndTpid(ALL, header);
  }

  /** Bytes from the header to the frame. */
  public int toFrame(long header) {
    return Tpacket3Hdr.mac(ALL, header);
  }

  /** Ordinal of the {@link Frame#packetType}. */
  public int packetType(long header) {
    return PacketType.ordinal(SockaddrLl.pktType(ALL, header + Tpacket3Hdr.BYTES));
  }

  /** {@link Frame#flags} of a status. */
  public static int flags(int status) {
    return FrameFlags.ofStatus(status);
  }

  /** The tag that was taken off the frame, as {@link Frame#vlanTag}, or 0. */
  public static int strippedTag(int status, long tag) {
    return VlanTag.stripped(status, tag);
  }

  /** The tag that stands in an Ethernet frame of at least 16 bytes, or 0. */
  public int insideTag(long frame) {
    return VlanTag.inside(ALL, frame);
  }

  /** Eight bytes of a frame. */
  public long eight(long address) {
    return ALL.get(JAVA_LONG_UNALIGNED, address);
  }

  /** Copies bytes of a frame. */
  public void copy(long address, byte[] to, int at, int length) {
    MemorySegment.copy(ALL, JAVA_BYTE, address, to, at, length);
  }
}
