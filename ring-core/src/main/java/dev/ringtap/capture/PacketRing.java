package dev.ringtap.capture;

import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.TpacketBlockDesc;
import dev.ringtap.linux.TpacketStatsV3;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The ring's blocks in their order: which is next, which are out, and what was lost between them.
 *
 * <p>One thread takes blocks; any gives them back, in any order.
 */
final class PacketRing implements Block.Owner {
  /** The kernel's counters have 32 bits: read them long before they can turn over. */
  private static final long FRAMES_BETWEEN_STATISTICS = 1L << 30;

  /** Unsigned: more bytes than any frame has. */
  private static final int WHOLE = -1;

  private final PacketSocket socket;
  private final Arena arena;
  private final MemorySegment memory;
  private final Block[] blocks;
  private final long firstSequence;

  /** Guards what follows; whoever gives a block back may be another thread than the reader's. */
  private final Object lossLock = new Object();

  /** The slot to take next; written by the reader. */
  private int next;

  /** For each slot of the ring, what was lost before the block that will be in it next. */
  private final long[] lostBeforeSlot;

  private final boolean[] returned;

  /** The slot that the kernel will need first: the oldest one that was not given back. */
  private int oldest;

  private long lossPlaced;
  private long lastStatisticsAt;

  /** Judges what was queued when the filter changed, for so many blocks yet. */
  private QueuedFrameFilter queuedFilter;

  private int queuedBlocks;

  /**
   * Frames that the kernel had stored when the start was fixed, which are taken first: those that
   * it saw before the start are left out.
   */
  private long storedAtStart;

  private long startNanos;

  /** What was lost before a block of which no frame was delivered: it goes to the next one. */
  private long lostBeforeEmpty;

  private boolean closed;

  private long offered;
  private long dropped;
  private long freezes;

  /** Frames in the blocks that were taken: those that were delivered, and all. */
  private long captured;

  /** Written under lossLock by the reader, which reads it without. */
  private long taken;

  /** Frames are taken up to this one: what the kernel had stored when the end was fixed. */
  private volatile long endOfFrames = Long.MAX_VALUE;

  /**
   * @param memory the mapping, which ends with the arena; both are this object's from now on
   */
  PacketRing(
      CaptureConfig config,
      CaptureInterface device,
      PacketSocket socket,
      Arena arena,
      MemorySegment memory,
      int blockSizeBytes) {
    this.socket = socket;
    this.arena = arena;
    this.memory = memory;
    int linkType = device.linkType();
    InterfaceNames frameInterfaces = device.isAny() ? new InterfaceNames(socket) : null;
    this.blocks = new Block[(int) (memory.byteSize() / blockSizeBytes)];
    this.firstSequence = config.firstSequence();
    this.lostBeforeSlot = new long[blocks.length];
    this.returned = new boolean[blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new Block(this, memory, i, (long) i * blockSizeBytes, blockSizeBytes);
      blocks[i].describe(
          config.get(CaptureOption.INTERFACE),
          linkType,
          device.snapLengthBytes(config.snapLengthBytes()),
          device.isCooked() ? CookedHeader.bytes(linkType) : 0,
          frameInterfaces);
      blocks[i].ofMember(config.member());
    }
  }

  /** Whether a block was taken and not given back yet. */
  boolean hasBlocksOut() {
    for (Block block : blocks) {
      if (block.isLeased()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the kernel has filled the next block and nobody holds its slot. */
  boolean isNextReady() {
    return taken < endOfFrames && !blocks[next].isLeased() && isClosed(next);
  }

  /** Takes the next block, which must be ready. */
  Block leaseNext() throws LinuxException {
    Block block = blocks[next];
    synchronized (lossLock) {
      next = slotAfter(next);
      long lost = lostBeforeSlot[block.index()];
      lostBeforeSlot[block.index()] = 0;
      if (isLosing(block) && lost == 0 || taken - lastStatisticsAt > FRAMES_BETWEEN_STATISTICS) {
        lost += newLoss();
      }
      lost += lostBeforeEmpty;
      block.lease(firstSequence + captured, lost);
      long stored = block.frameCount();
      if (stored > endOfFrames - taken) {
        stored = endOfFrames - taken;
        block.cutTo((int) stored);
      }
      if (taken < storedAtStart) {
        block.sift(this::keptBytes);
      } else if (queuedBlocks > 0) {
        block.sift(queuedFilter::keptBytes);
      }
      queuedBlocks = Math.max(0, queuedBlocks - 1);
      lostBeforeEmpty = block.frameCount() == 0 ? lost : 0;
      taken += stored;
      captured += block.frameCount();
    }
    return block;
  }

  /** Forgets what the kernel has dropped so far: the start, which is to be fixed yet, is later. */
  void forgetDrops() throws LinuxException {
    synchronized (lossLock) {
      readStatistics();
      offered -= dropped;
      dropped = 0;
    }
  }

  /**
   * Fixes the start: frames that the kernel saw earlier are neither delivered nor counted. Only
   * those that are stored by now can be, so a clock that is set back later takes none away. A
   * network card's time does not compare with the start: a frame that has it and is stored by now
   * is left out.
   *
   * @param nanos since 1970, by the kernel's clock
   */
  void startAt(long nanos) throws LinuxException {
    synchronized (lossLock) {
      readStatistics();
      storedAtStart = offered - dropped;
      startNanos = nanos;
    }
  }

  /** Bytes to keep of a frame of a block that was in the ring at the start; 0 leaves it out. */
  private int keptBytes(Frame stored) {
    long index = taken + stored.sequence() - firstSequence - captured;
    boolean early = stored.hasHardwareTimestamp() || stored.timestampNanos() < startNanos;
    if (index < storedAtStart && early) {
      return 0;
    }
    return queuedBlocks > 0 ? queuedFilter.keptBytes(stored) : WHOLE;
  }

  /**
   * Fixes the end, exactly: the capture's frames are those that the kernel has stored by now, and
   * its losses those that it has counted. The kernel counts a frame and gives it its place in the
   * ring under one lock, so as many frames as the statistics tell are to be taken yet; what comes
   * behind them is nobody's. No filter has to change for that.
   */
  void end() throws LinuxException {
    synchronized (lossLock) {
      readStatistics();
      endOfFrames = Math.min(endOfFrames, offered - dropped);
    }
  }

  /** Whether the end was fixed, and all frames up to it were taken. */
  boolean isDrained() {
    return taken >= endOfFrames;
  }

  /**
   * Replaces the filter, which the kernel does between two frames. What is queued by then passed
   * the old one: the new one judges it here. A frame that the kernel was just about to store may
   * come up to a ring's length later.
   */
  void changeFilter(BpfProgram program) throws LinuxException, CaptureException {
    QueuedFrameFilter filter = new QueuedFrameFilter(program);
    synchronized (lossLock) {
      if (closed) {
        throw new IllegalStateException("the capture is closed");
      }
      RingSetup.attach(socket, program);
      queuedFilter = filter;
      queuedBlocks = blocks.length + 1;
    }
  }

  /** What the kernel dropped since the last time that its loss was placed. Under lossLock. */
  private long newLoss() throws LinuxException {
    readStatistics();
    long loss = dropped - lossPlaced;
    lossPlaced = dropped;
    return loss;
  }

  /**
   * Adds what the kernel counted since the last read, which clears its counters; nothing more once
   * the end is fixed. Under lossLock.
   */
  private void readStatistics() throws LinuxException {
    if (endOfFrames != Long.MAX_VALUE) {
      return;
    }
    TpacketStatsV3 since = socket.statistics();
    offered += since.packets();
    dropped += since.drops();
    freezes += since.freezes();
    lastStatisticsAt = taken;
  }

  /** Counts as of now, or as of the end once that is fixed. Any thread. */
  CaptureStatistics statisticsNow() throws LinuxException {
    synchronized (lossLock) {
      if (!closed) {
        readStatistics();
      }
      return statistics();
    }
  }

  /** Counts as of the last read of the kernel's. Any thread. */
  CaptureStatistics statistics() {
    synchronized (lossLock) {
      long leftOut = taken - captured + Math.max(0, storedAtStart - taken);
      return new CaptureStatistics(
          Math.max(offered - leftOut, captured + dropped), dropped, captured, freezes);
    }
  }

  /** The part of the blocks that are the reader's, from 0 to 1. Any thread. */
  double fill() {
    synchronized (lossLock) {
      int filled = 0;
      for (int slot = 0; !closed && slot < blocks.length; slot++) {
        filled += isClosed(slot) ? 1 : 0;
      }
      return (double) filled / blocks.length;
    }
  }

  @Override
  public void giveBack(Block block) {
    synchronized (lossLock) {
      // once closed, the kernel has the memory back already
      if (!closed) {
        try {
          release(block);
        } catch (LinuxException e) {
          throw new IllegalStateException("an open packet socket has statistics", e);
        }
      }
    }
    // only now: a reader that sees the lease ended must not see the old status
    block.leaseEnded();
  }

  /**
   * Gives a block to the kernel. When the ring is full, the kernel waits for just the oldest block:
   * what it drops meanwhile lies between the newest block and the one that this slot will hold
   * next. Reading the statistics around the release places that loss there. While the ring is not
   * full nothing can be lost, and nothing is read.
   *
   * <p>If the kernel has filled the slot before the read that follows the release, and the ring
   * with it, that read belongs to the next gap: the statistics tell how many frames it had stored
   * by then. If the new block also says that a loss before it was unread, the two cannot be told
   * apart, and the sum stands at the first. That takes a reader that loses its processor between
   * two lines here for as long as the kernel takes to fill a block.
   */
  private void release(Block block) throws LinuxException {
    int slot = block.index();
    boolean awaited = slot == oldest;
    long before = awaited && isClosed(slotBefore(slot)) ? newLoss() : 0;
    TpacketBlockDesc.setStatusRelease(memory, block.start(), TpacketBlockDesc.TP_STATUS_KERNEL);
    // The kernel closes a block, then looks at the next; here one is released, then the one before
    // it
    // looked at. Without the fence each side could miss what the other has just written.
    VarHandle.fullFence();
    returned[slot] = true;
    while (returned[oldest]) {
      returned[oldest] = false;
      oldest = slotAfter(oldest);
    }
    if (awaited && isClosed(slotBefore(slot))) {
      // The kernel counts a drop just after it has let go of the lock that a read takes: the second
      // read has also the one that was on its way.
      readStatistics();
      long after = newLoss();
      boolean fullAgain =
          isClosed(slot)
              && offered - dropped >= framesBefore(slot) + frameCount(slot)
              && !isLosing(block);
      lostBeforeSlot[slot] += before + (fullAgain ? 0 : after);
      lostBeforeSlot[oldest] += fullAgain ? after : 0;
    }
  }

  /** Frames of all blocks before the one that a slot holds: those taken, and those that wait. */
  private long framesBefore(int slot) {
    long frames = taken;
    for (int i = next; i != slot && !blocks[i].isLeased(); i = slotAfter(i)) {
      frames += frameCount(i);
    }
    return frames;
  }

  private long frameCount(int slot) {
    return Integer.toUnsignedLong(TpacketBlockDesc.numPkts(memory, blocks[slot].start()));
  }

  private int slotAfter(int slot) {
    return slot + 1 == blocks.length ? 0 : slot + 1;
  }

  private int slotBefore(int slot) {
    return slot == 0 ? blocks.length - 1 : slot - 1;
  }

  private boolean isLosing(Block block) {
    return (TpacketBlockDesc.status(memory, block.start()) & TpacketBlockDesc.TP_STATUS_LOSING)
        != 0;
  }

  /** Whether the kernel has filled the slot and not got it back yet. */
  private boolean isClosed(int slot) {
    return (TpacketBlockDesc.statusAcquire(memory, blocks[slot].start())
            & TpacketBlockDesc.TP_STATUS_USER)
        != 0;
  }

  /** Ends the mapping; blocks that are still out turn unreadable. The socket may be closed then. */
  void close() {
    synchronized (lossLock) {
      closed = true;
      arena.close();
    }
  }
}
