package dev.ringtap.capture;

import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import java.lang.foreign.MemorySegment;

/**
 * The frames of a {@link Block} as they lie in its memory, for an encoder that walks them itself: a
 * loop without calls and without a {@link Frame} is several times as fast. It must check each
 * header before it uses it, as {@link Block#next()} does, and leave to that whatever fails.
 *
 * <p>A header lies at a multiple of {@link #ALIGNMENT}, with {@link #HEADERS_BYTES} before {@link
 * #end}; the frame's bytes lie at least so many after it, and before {@link #end} too. Values of
 * headers are read once, in pairs: the memory is shared with the kernel.
 *
 * <p>Not thread-safe. The memory may be read until its arena is closed; {@link #requireLeased}
 * tells whether what was read up to then were the block's frames.
 */
public final class RawFrames {
  /** Headers are aligned to this many bytes. */
  public static final int ALIGNMENT = Tpacket3Hdr.ALIGNMENT;

  /** Bytes of a frame's headers. */
  public static final int HEADERS_BYTES = Block.FRAME_HEADERS_BYTES;

  private Block block;

  /**
   * Shows the block's next frames.
   *
   * @return whether they lie in the memory as their payload, except for a stripped tag, and this
   *     machine is little-endian; frames of a cooked capture and filtered ones do not lie so
   * @throws IllegalStateException if the block was released
   */
  public boolean show(Block of) {
    block = of;
    return of.hasPlainFrames() && Machine.refusal() == null;
  }

  /** The memory that the block is a part of. */
  public MemorySegment memory() {
    return block.memory();
  }

  /** Offset of the next header, unchecked; -1 if it cannot lie anywhere. */
  public long header() {
    return block.nextHeader();
  }

  /** Offset after the block's last byte. */
  public long end() {
    return block.end();
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
   * @param lastHeader offset of the last one's header
   * @param nextHeader as {@link #header}
   */
  public void passed(int frames, long lastHeader, long nextHeader) {
    if (frames > 0) {
      block.passed(frames, lastHeader, nextHeader);
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
  public static long nextAndSeconds(MemorySegment memory, long header) {
    return Tpacket3Hdr.nextOffsetAndSec(memory, header);
  }

  /** Nanoseconds of the time in the lower half, bytes of the frame in the upper. */
  public static long nanosAndLength(MemorySegment memory, long header) {
    return Tpacket3Hdr.nsecAndSnaplen(memory, header);
  }

  /** Original length in the lower half, status in the upper. */
  public static long originalLengthAndStatus(MemorySegment memory, long header) {
    return Tpacket3Hdr.lenAndStatus(memory, header);
  }

  /** What {@link #strippedTag} is made of. */
  public static long tag(MemorySegment memory, long header) {
    return Tpacket3Hdr.vlanTciAndTpid(memory, header);
  }

  /** Bytes from the header to the frame. */
  public static int toFrame(MemorySegment memory, long header) {
    return Tpacket3Hdr.mac(memory, header);
  }

  /** Ordinal of the {@link Frame#packetType}. */
  public static int packetType(MemorySegment memory, long header) {
    return PacketType.ordinal(SockaddrLl.pktType(memory, header + Tpacket3Hdr.BYTES));
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
  public static int insideTag(MemorySegment memory, long frame) {
    return VlanTag.inside(memory, frame);
  }
}
