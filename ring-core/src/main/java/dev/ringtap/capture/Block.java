package dev.ringtap.capture;

import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A lease on one block of frames. The holder takes a block from a {@link BlockSource}, walks it and
 * releases it with {@link #close()}, once; until then its memory is not written to. Each lease has
 * a Block and a Frame of its own: a late second {@link #close()} has no effect on the lease that
 * follows, and an old Frame never shows its frames.
 *
 * <pre>{@code
 * try (Block block = source.poll(100)) {
 *   Frame frame;
 *   while ((frame = block.next()) != null) {
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>Keep this loop form: the JVM compiles it to 5 ns a frame, a {@code for} statement that ends
 * with the call to 8.
 *
 * <p>The walk may stop anywhere and go on later. The headers come from shared memory and are
 * checked before use: what does not fit throws {@link CorruptBlockException}.
 *
 * <p>Not thread-safe, but a block may be handed to another thread, which then owns it and closes
 * it.
 */
public final class Block implements AutoCloseable {
  static final int FRAME_HEADERS_BYTES = Tpacket3Hdr.BYTES + SockaddrLl.BYTES;

  private final BlockSlot slot;
  private final FrameOrigin origin;
  private final MemorySegment memory;
  private final long start;
  private final long firstSequence;
  private final long lostBefore;
  private final ReadableMemory readable;
  private final Frame frame;

  private int frameCount;

  /** Frames as the kernel stored them, walked and in all; some may not be for the reader. */
  private int framesWalked;

  private int framesStored;

  /** Bytes to keep of each stored frame, 0 of one to leave out; null where all are kept whole. */
  private int @Nullable [] keptBytes;

  /** Frames shown so far of those that {@link #keptBytes} keeps. */
  private int framesKept;

  private long nextHeader;
  private final long end;

  /** Cleared when the block is released. */
  private volatile boolean leased = true;

  /** The side that gets its blocks back. */
  interface Owner {
    /**
     * Takes a block back, whose memory may be written to from then on; a second time does nothing.
     */
    void release(Block block);
  }

  /** Starts a lease: reads the block's header, whose status the caller has seen with acquire. */
  Block(BlockSlot slot, FrameOrigin origin, long firstSequence, long lostBefore) {
    this.slot = slot;
    this.origin = origin;
    this.memory = slot.memory().segment();
    this.start = slot.start();
    this.firstSequence = firstSequence;
    this.lostBefore = lostBefore;
    readable = new ReadableMemory(memory);
    frame = new Frame(origin, readable);
    end =
        start
            + Math.min(
                slot.sizeBytes(), Integer.toUnsignedLong(TpacketBlockDesc.blkLen(memory, start)));
    framesStored = storedFrames();
    frameCount = framesStored;
    rewind();
  }

  /**
   * The frames that the header tells. Where it tells more than have room, they are those that can
   * be read and the one that cannot, which the walk meets as a fault: whoever counts on the
   * kernel's frames to the last must not take some for read that are still to come.
   */
  private int storedFrames() {
    long room = Math.max(0, end - start - TpacketBlockDesc.BYTES) / FRAME_HEADERS_BYTES;
    long told = slot.storedFrames();
    if (told <= room) {
      return (int) told;
    }
    framesStored = (int) room + 1;
    rewind();
    int whole = 0;
    try {
      while (advance(whole)) {
        whole++;
      }
    } catch (CorruptBlockException e) {
      // the walk to come says so again
    }
    return whole + 1;
  }

  /**
   * Goes back to the first frame, for another walk.
   *
   * @param frames the walks to come end after this many frames, at most {@link #frameCount}
   * @throws IllegalArgumentException if the block has fewer
   * @throws IllegalStateException if the block was released
   */
  public void rewind(int frames) {
    if (frames < 0 || frames > frameCount()) {
      throw new IllegalArgumentException(
          frames + " frames of a block that has " + frameCount + "; ask for at most that many");
    }
    int stored = frames;
    if (keptBytes != null) {
      stored = 0;
      for (int kept = 0; kept < frames; stored++) {
        kept += keptBytes[stored] == 0 ? 0 : 1;
      }
    }
    cutTo(stored);
    frameCount = frames;
    rewind();
  }

  private void rewind() {
    framesKept = 0;
    framesWalked = 0;
    int first = TpacketBlockDesc.offsetToFirstPkt(memory, start);
    nextHeader = after(start, TpacketBlockDesc.BYTES, first);
    frame.showIn(memory);
  }

  /** Leaves out the frames after the first so many; for the one who leases, before the walk. */
  void cutTo(int frames) {
    framesStored = frames;
    frameCount = frames;
  }

  /**
   * Leaves out frames; for the one who leases, before the walk.
   *
   * @param judge bytes to keep of a frame, 0 to leave it out
   */
  void applyFilter(ToIntFunction<Frame> judge) {
    int[] kept = new int[framesStored];
    int count = 0;
    try {
      while (advance(framesWalked)) {
        int bytes = judge.applyAsInt(frame);
        kept[framesWalked - 1] = bytes;
        count += bytes == 0 ? 0 : 1;
      }
    } catch (CorruptBlockException e) {
      // the walk to come says so again, and counts these
      count += e.unreadFrames();
    }
    rewind();
    frameCount = count;
    keptBytes = kept;
  }

  boolean isLeased() {
    return leased;
  }

  /** Called by the owner once the memory may be written to again. */
  void leaseEnded() {
    leased = false;
  }

  BlockSlot slot() {
    return slot;
  }

  MemorySegment memory() {
    return memory;
  }

  /**
   * Moves to the next frame.
   *
   * @return the block's one frame view, or null after the last frame
   * @throws CorruptBlockException if the next header does not fit the block
   * @throws IllegalStateException if the block was released, or its source closed
   */
  public @Nullable Frame next() {
    if (keptBytes != null) {
      return nextKept(keptBytes);
    }
    return advance(framesWalked) ? frame : null;
  }

  private @Nullable Frame nextKept(int[] kept) {
    while (advance(framesKept)) {
      int bytes = kept[framesWalked - 1];
      if (bytes != 0) {
        framesKept++;
        frame.cutTo(bytes);
        return frame;
      }
    }
    return null;
  }

  /** Shows the next stored frame, as the block's {@code index}th; false after the last one. */
  private boolean advance(int index) {
    if (framesWalked == framesStored) {
      endWalk();
      return false;
    }
    MemorySegment ring = memory;
    long header = nextHeader;
    if (header < 0
        || header > end - FRAME_HEADERS_BYTES
        || (header & Tpacket3Hdr.ALIGNMENT - 1) != 0) {
      throw corruptHeader();
    }
    long nextOffsetAndSec = Tpacket3Hdr.nextOffsetAndSec(ring, header);
    long nsecAndSnaplen = Tpacket3Hdr.nsecAndSnaplen(ring, header);
    int mac = Tpacket3Hdr.mac(ring, header);
    int capturedLength = Tpacket3Hdr.second(nsecAndSnaplen);
    long data = header + mac;
    if (mac < FRAME_HEADERS_BYTES || capturedLength < 0 || data + capturedLength > end) {
      throw corrupt(
          "frame of tp_snaplen " + Integer.toUnsignedLong(capturedLength) + " at tp_mac " + mac);
    }
    nextHeader = after(header, mac + capturedLength, Tpacket3Hdr.first(nextOffsetAndSec));
    frame.show(
        header,
        data,
        capturedLength,
        nanos(nextOffsetAndSec, nsecAndSnaplen),
        firstSequence + index,
        index == 0 ? lostBefore : 0);
    framesWalked++;
    return true;
  }

  /**
   * Cuts the frame that is shown, until {@link #next()}: for a reader that filters. A cooked header
   * and a tag that was taken off do not count.
   *
   * @param bytes most that are kept, unsigned
   */
  public void cutFrame(int bytes) {
    frame.cutTo(bytes);
  }

  /**
   * Gives the frame that is shown another place, until {@link #next()}: for a reader that leaves
   * frames out.
   *
   * @param sequence what {@link Frame#sequence()} shows from now on
   * @param lostBefore what {@link Frame#lostBefore()} shows from now on
   */
  public void renumberFrame(long sequence, long lostBefore) {
    frame.renumber(sequence, lostBefore);
  }

  private static long nanos(long nextOffsetAndSec, long nsecAndSnaplen) {
    return Integer.toUnsignedLong(Tpacket3Hdr.second(nextOffsetAndSec)) * 1_000_000_000L
        + Integer.toUnsignedLong(Tpacket3Hdr.first(nsecAndSnaplen));
  }

  /** Where a header lies, or -1 if that is before the end of what comes before it. */
  private static long after(long from, int used, int offset) {
    return Integer.compareUnsigned(offset, used) < 0 ? -1 : from + Integer.toUnsignedLong(offset);
  }

  // for RawFrames, which reads frames that next() has not shown

  /** Whether the frames to come lie in the memory as their payload, except for a stripped tag. */
  boolean hasPlainFrames() {
    requireLeased();
    return keptBytes == null
        && origin.cookedHeaderBytes() == 0
        && origin.frameInterfaces() == null
        && origin.tagOffset() == LinkType.tagOffset(origin.linkType());
  }

  /** Where the next header lies, unchecked; negative if it cannot lie anywhere. */
  long nextHeader() {
    return nextHeader;
  }

  /** Offset after the last byte in use. */
  long end() {
    return end;
  }

  int framesLeft() {
    return framesStored - framesWalked;
  }

  long nextSequence() {
    return firstSequence + framesWalked;
  }

  long lostBeforeNext() {
    return framesWalked == 0 ? lostBefore : 0;
  }

  /** Goes on after frames that {@link RawFrames} has read, of which there is at least one. */
  void passed(int frames, long lastHeader, long next) {
    framesWalked += frames;
    nextHeader = next;
    frame.passTo(lastHeader);
  }

  /**
   * Throws unless all that was read before was the block's. A release ends {@link #readable} before
   * the memory is written to: a read that saw a later writer sees that end too.
   */
  void requireLeasedUntilNow() {
    VarHandle.acquireFence();
    if (!readable.isReadable()) {
      throw new IllegalStateException("the block was released, or its source closed");
    }
    requireLeased();
  }

  private void endWalk() {
    frame.hide();
    requireLeased();
  }

  private void requireLeased() {
    if (!leased) {
      throw new IllegalStateException("the block was released");
    }
  }

  private CorruptBlockException corruptHeader() {
    if (nextHeader >= 0) {
      return corrupt("frame header at byte " + (nextHeader - start));
    }
    return corrupt(
        framesWalked == 0
            ? "first frame header among the block's own"
            : "frame header after the one at byte %s, before the end of its frame,"
                .formatted(frame.header() - start));
  }

  private CorruptBlockException corrupt(String what) {
    int unread = framesStored - framesWalked;
    framesWalked = framesStored;
    frame.hide();
    return new CorruptBlockException(
        ("%s does not fit the %s bytes in use of block %s of %s; %s frames of it cannot be"
                + " read")
            .formatted(what, end - start, slot.index(), origin.capture().interfaceName(), unread),
        unread);
  }

  /** Frames in the block. */
  public int frameCount() {
    requireLeased();
    return frameCount;
  }

  /** {@link Frame#sequence()} of the block's first frame. */
  public long firstSequence() {
    requireLeased();
    return firstSequence;
  }

  /** Frames that the kernel dropped before the block's first frame. */
  public long lostBefore() {
    requireLeased();
    return lostBefore;
  }

  /** The capture that the frames are of; its interface may be {@code any}. */
  public CaptureId capture() {
    requireLeased();
    return origin.capture();
  }

  /** LINKTYPE value of the block's frames. */
  public int linkType() {
    requireLeased();
    return origin.linkType();
  }

  /** Most bytes of a payload. */
  public int snapLengthBytes() {
    requireLeased();
    return origin.snapLengthBytes();
  }

  /**
   * Releases the block: from now on every access to it, to its frame, and to views of its frames
   * throws IllegalStateException. Closing it again has no effect, whoever has the memory by then.
   */
  @Override
  public void close() {
    if (leased) {
      readable.end();
      frame.hide();
      framesWalked = framesStored;
      slot.owner().release(this);
    }
  }
}
