package dev.ringtap.capture;

import dev.ringtap.linux.ClosedMemory;
import dev.ringtap.linux.SockaddrLl;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import java.lang.foreign.MemorySegment;
import java.util.function.ToIntFunction;

/**
 * A lease on one block of frames. Whoever takes a block from a {@link BlockSource} walks it and
 * gives it back with {@link #close()}, once; until then its memory is not written to.
 *
 * <pre>{@code
 * try (Block block = source.take(100)) {
 *   Frame frame;
 *   while ((frame = block.next()) != null) {
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>In this form, with the test right behind the call, the JVM's compiler leaves out more than in
 * one whose {@code for} statement ends with the call: 5 ns for each frame instead of 8.
 *
 * <p>The walk may stop anywhere and go on later. The headers come from shared memory and are
 * checked before use: what does not fit throws {@link CorruptBlockException}.
 *
 * <p>Not thread-safe, but a block may be handed to another thread, which then owns it and closes
 * it.
 */
public final class Block implements AutoCloseable {
  /**
   * Memory that throws IllegalStateException on every access: what a block shows when it is gone.
   */
  static final MemorySegment GIVEN_BACK = ClosedMemory.segment();

  private static final int FRAME_HEADERS_BYTES = Tpacket3Hdr.BYTES + SockaddrLl.BYTES;

  private final Owner owner;
  private final MemorySegment memory;
  private final int index;
  private final long start;
  private final long sizeBytes;
  private final Frame frame;

  private String interfaceName;
  private int linkType;
  private int snapLengthBytes;
  private int member;
  private long firstSequence;
  private long lostBefore;

  private int frameCount;

  /** Frames as the kernel stored them, walked and in all; some may not be for the reader. */
  private int framesWalked;

  private int framesStored;

  /** Bytes to keep of each stored frame, 0 of one to leave out; null where all are kept whole. */
  private int[] keptBytes;

  /** Frames shown so far of those that {@link #keptBytes} keeps. */
  private int framesKept;

  private long nextHeader;
  private long end;

  /** Set by the reader that takes the block, cleared by whoever gives it back. */
  private volatile boolean leased;

  /** The side that gets its blocks back. */
  interface Owner {
    void giveBack(Block block);
  }

  Block(Owner owner, MemorySegment memory, int index, long start, long sizeBytes) {
    this.owner = owner;
    this.memory = memory;
    this.index = index;
    this.start = start;
    this.sizeBytes = sizeBytes;
    this.frame = new Frame(this);
  }

  /** Frames lie in the block as their payload, but for a tag. */
  void describe(String interfaceName, int linkType, int snapLengthBytes) {
    describe(interfaceName, linkType, snapLengthBytes, 0, null);
  }

  /**
   * Describes the frames to come.
   *
   * @param cookedHeaderBytes bytes that stand in a payload before what lies in the block
   * @param frameInterfaces names of the frames' own interfaces, or null
   */
  void describe(
      String interfaceName,
      int linkType,
      int snapLengthBytes,
      int cookedHeaderBytes,
      InterfaceNames frameInterfaces) {
    this.interfaceName = interfaceName;
    this.linkType = linkType;
    this.snapLengthBytes = snapLengthBytes;
    frame.describe(linkType, snapLengthBytes, cookedHeaderBytes, frameInterfaces);
  }

  /** Frames to come are of this member of a fanout group. */
  void ofMember(int number) {
    member = number;
  }

  /** Starts a lease: reads the block's header, whose status the caller has seen with acquire. */
  void lease(long firstSequence, long lostBefore) {
    this.firstSequence = firstSequence;
    this.lostBefore = lostBefore;
    end =
        start + Math.min(sizeBytes, Integer.toUnsignedLong(TpacketBlockDesc.blkLen(memory, start)));
    framesStored = storedFrames();
    frameCount = framesStored;
    keptBytes = null;
    rewind();
    leased = true;
  }

  /**
   * The frames that the header tells. Where it tells more than have room, they are those that can
   * be read and the one that cannot, which the walk meets as a fault: whoever counts on the
   * kernel's frames to the last must not take some for read that are still to come.
   */
  private int storedFrames() {
    long room = Math.max(0, end - start - TpacketBlockDesc.BYTES) / FRAME_HEADERS_BYTES;
    long told = Integer.toUnsignedLong(TpacketBlockDesc.numPkts(memory, start));
    if (told <= room) {
      return (int) told;
    }
    framesStored = (int) room + 1;
    rewind();
    int readable = 0;
    try {
      while (advance(readable)) {
        readable++;
      }
    } catch (CorruptBlockException e) {
      // the walk to come says so again
    }
    return readable + 1;
  }

  private void rewind() {
    framesKept = 0;
    framesWalked = 0;
    int first = TpacketBlockDesc.offsetToFirstPkt(memory, start);
    nextHeader = behind(start, TpacketBlockDesc.BYTES, first);
    frame.showIn(memory);
  }

  /** Leaves out the frames behind the first so many; for the one who leases, before the walk. */
  void cutTo(int frames) {
    framesStored = frames;
    frameCount = frames;
  }

  /**
   * Leaves out frames; for the one who leases, before the walk.
   *
   * @param judge bytes to keep of a frame, 0 to leave it out
   */
  void sift(ToIntFunction<Frame> judge) {
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

  int index() {
    return index;
  }

  long start() {
    return start;
  }

  MemorySegment memory() {
    return memory;
  }

  /**
   * Moves to the next frame.
   *
   * @return the block's one frame view, or null after the last frame
   * @throws CorruptBlockException if the next header does not fit the block
   * @throws IllegalStateException if the block was given back, or its source closed
   */
  public Frame next() {
    if (keptBytes != null) {
      return nextKept();
    }
    return advance(framesWalked) ? frame : null;
  }

  private Frame nextKept() {
    while (advance(framesKept)) {
      int bytes = keptBytes[framesWalked - 1];
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
    nextHeader = behind(header, mac + capturedLength, Tpacket3Hdr.first(nextOffsetAndSec));
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

  private static long nanos(long nextOffsetAndSec, long nsecAndSnaplen) {
    return Integer.toUnsignedLong(Tpacket3Hdr.second(nextOffsetAndSec)) * 1_000_000_000L
        + Integer.toUnsignedLong(Tpacket3Hdr.first(nsecAndSnaplen));
  }

  /** Where a header lies, or -1 if that is before the end of what comes before it. */
  private static long behind(long from, int used, int offset) {
    return Integer.compareUnsigned(offset, used) < 0 ? -1 : from + Integer.toUnsignedLong(offset);
  }

  private void endWalk() {
    frame.hide();
    if (!leased) {
      throw new IllegalStateException("block was given back");
    }
  }

  private CorruptBlockException corruptHeader() {
    if (nextHeader >= 0) {
      return corrupt("frame header at byte " + (nextHeader - start));
    }
    return corrupt(
        framesWalked == 0
            ? "first frame header among the block's own"
            : "frame header behind the one at byte "
                + (frame.header() - start)
                + ", before the end of its frame,");
  }

  private CorruptBlockException corrupt(String what) {
    int unread = framesStored - framesWalked;
    framesWalked = framesStored;
    frame.hide();
    return new CorruptBlockException(
        what
            + " does not fit the "
            + (end - start)
            + " bytes in use of block "
            + index
            + " of "
            + interfaceName
            + "; "
            + unread
            + " frames of it cannot be read",
        unread);
  }

  /** Frames in the block. */
  public int frameCount() {
    return frameCount;
  }

  /** {@link Frame#sequence()} of the block's first frame. */
  public long firstSequence() {
    return firstSequence;
  }

  /** Frames that the kernel dropped before the block's first frame. */
  public long lostBefore() {
    return lostBefore;
  }

  /** Name of the capturing interface; {@code any} where frames are of different ones. */
  public String interfaceName() {
    return interfaceName;
  }

  /** LINKTYPE value of the block's frames. */
  public int linkType() {
    return linkType;
  }

  /** Which member of a fanout group the block is of, from 0. */
  public int member() {
    return member;
  }

  /** Most bytes of a payload. */
  public int snapLengthBytes() {
    return snapLengthBytes;
  }

  /** Gives the block back. Closing it again has no effect. */
  @Override
  public void close() {
    if (leased) {
      frame.hide();
      framesWalked = framesStored;
      owner.giveBack(this);
    }
  }
}
