package dev.ringtap.capture;

import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.TpacketStatsV3;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The ring's blocks in their order: which is next, which are out, and what was lost between them.
 *
 * <p>One thread takes blocks; any releases them, in any order.
 */
final class PacketRing implements Block.Owner {
  /** When the last capture of this process was opened. */
  private static final AtomicLong LAST_START_MICROS = new AtomicLong();

  private static final long UNSIGNED_INT = 0xFFFF_FFFFL;

  /** No slot: they are numbered from 0. */
  private static final int NONE = -1;

  /** Unsigned: more bytes than any frame has. */
  private static final int WHOLE = -1;

  private final PacketSocket socket;
  private final Counters counters;
  private final BlockMemory memory;
  private final BlockSlot[] slots;

  /** Of the blocks that are taken from now on. */
  private volatile FrameOrigin origin;

  private final long firstSequence;

  /** Guards what follows; whoever releases a block may be another thread than the reader's. */
  private final Object lossLock = new Object();

  /** The last lease of each slot, or null. */
  private final @Nullable Block[] leases;

  /** The slot to take next; written by the reader. */
  private int next;

  /** For each slot of the ring, what was lost before the block that will be in it next. */
  private final long[] lostBeforeSlot;

  private final boolean[] returned;

  /** The slot that the kernel will need first: the oldest one that was not released. */
  private int oldest;

  private long lossPlaced;

  /** Judges what was queued when the filter changed, for so many blocks yet; null after them. */
  private @Nullable UserspaceFilter queuedFilter;

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

  /** Frames that the kernel has put into the ring, as of the last read. */
  private long stored;

  private long dropped;
  private long freezes;

  /** Frames in the blocks that were taken: those that were delivered, and all. */
  private long captured;

  /** Written under lossLock by the reader, which reads it without. */
  private long taken;

  /** Frames are taken up to this one: what the kernel had stored when the end was fixed. */
  private volatile long endOfFrames = Long.MAX_VALUE;

  /** Where the kernel counts frames; reading it clears it. */
  interface Counters {
    TpacketStatsV3 read() throws LinuxException;
  }

  /**
   * @param memory the mapping, which is this object's from now on
   */
  PacketRing(
      CaptureConfig config,
      CaptureInterface device,
      PacketSocket socket,
      BlockMemory memory,
      int blockSizeBytes) {
    this(
        origin(config, device, socket),
        config.firstSequence(),
        socket,
        socket::statistics,
        memory,
        blockSizeBytes);
  }

  PacketRing(
      FrameOrigin origin,
      long firstSequence,
      PacketSocket socket,
      Counters counters,
      BlockMemory memory,
      int blockSizeBytes) {
    this.origin = origin;
    this.firstSequence = firstSequence;
    this.socket = socket;
    this.counters = counters;
    this.memory = memory;
    this.slots = new BlockSlot[(int) (memory.segment().byteSize() / blockSizeBytes)];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new BlockSlot(this, memory, i, (long) i * blockSizeBytes, blockSizeBytes);
    }
    this.leases = new Block[slots.length];
    this.lostBeforeSlot = new long[slots.length];
    this.returned = new boolean[slots.length];
  }

  private static FrameOrigin origin(
      CaptureConfig config, CaptureInterface device, PacketSocket socket) {
    int linkType = device.linkType();
    CaptureId capture = identify(config);
    return new FrameOrigin(
        capture,
        linkType,
        device.snapLengthBytes(config.snapLengthBytes()),
        device.isCooked() ? CookedHeader.bytes(linkType) : 0,
        device.isAny() ? new InterfaceNames(socket::interfaceName, capture) : null);
  }

  private static CaptureId identify(CaptureConfig config) {
    long start = config.startMicros();
    return new CaptureId(
        config.hostName(),
        config.interfaceName(),
        start != 0 ? start : LAST_START_MICROS.updateAndGet(PacketRing::startAfter),
        config.member());
  }

  /** Now, or one microsecond after the last start of this process. */
  private static long startAfter(long lastMicros) {
    return Math.max(lastMicros + 1, CaptureId.micros(Instant.now()));
  }

  CaptureId capture() {
    return origin.capture();
  }

  /** Most bytes of a payload. */
  int snapLengthBytes() {
    return origin.snapLengthBytes();
  }

  /** Whether a block was taken and not released yet. */
  boolean hasBlocksOut() {
    synchronized (lossLock) {
      for (int i = 0; i < slots.length; i++) {
        if (isLeased(i)) {
          return true;
        }
      }
      return false;
    }
  }

  private boolean isLeased(int slot) {
    Block lease = leases[slot];
    return lease != null && lease.isLeased();
  }

  /** Whether the kernel has filled the next block and its slot is free. For the reader. */
  boolean isNextReady() {
    return taken < endOfFrames && !isLeased(next) && slots[next].isClosed();
  }

  /** Takes the next block, which must be ready. If it throws, the block stays the next one. */
  Block leaseNext() throws LinuxException {
    synchronized (lossLock) {
      BlockSlot slot = slots[next];
      if (slot.isLosing() && lostBeforeSlot[next] == 0) {
        lostBeforeSlot[next] += newLoss();
      }
      long lost = lostBeforeSlot[next] + lostBeforeEmpty;
      Block block = new Block(slot, origin, firstSequence + captured, lost);
      long inBlock = Math.min(block.frameCount(), endOfFrames - taken);
      block.cutTo((int) inBlock);
      if (taken < storedAtStart) {
        block.applyFilter(this::keptBytes);
      } else if (queuedFilter != null) {
        block.applyFilter(queuedFilter::keptBytes);
      }
      if (queuedFilter != null && --queuedBlocks == 0) {
        queuedFilter = null;
      }
      lostBeforeEmpty = block.frameCount() == 0 ? lost : 0;
      lostBeforeSlot[next] = 0;
      taken += inBlock;
      captured += block.frameCount();
      leases[next] = block;
      next = slotAfter(next);
      return block;
    }
  }

  /** Forgets what the kernel has dropped so far: the start, which is to be fixed yet, is later. */
  void forgetDrops() throws LinuxException {
    synchronized (lossLock) {
      readStatistics();
      dropped = 0;
      lossPlaced = 0;
      Arrays.fill(lostBeforeSlot, 0);
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
      storedAtStart = stored;
      startNanos = nanos;
    }
  }

  /** Bytes to keep of a frame of a block that was in the ring at the start; 0 leaves it out. */
  private int keptBytes(Frame stored) {
    long index = taken + stored.sequence() - firstSequence - captured;
    boolean early =
        (stored.flags() & FrameFlags.HARDWARE_CLOCK) != 0 || stored.timestampNanos() < startNanos;
    if (index < storedAtStart && early) {
      return 0;
    }
    return queuedFilter != null ? queuedFilter.keptBytes(stored) : WHOLE;
  }

  /**
   * Fixes the end, exactly: the capture's frames are those that the kernel has stored by now, and
   * its losses those that it has counted. The kernel counts a frame and gives it its place in the
   * ring under one lock, so as many frames as the statistics tell are to be taken yet. Later frames
   * are ignored. No filter has to change for that.
   */
  void end() throws LinuxException {
    synchronized (lossLock) {
      readAndPlace();
      endOfFrames = Math.min(endOfFrames, stored);
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
   *
   * @param snapLengthBytes most bytes of a payload from now on
   */
  void changeFilter(BpfProgram program, int snapLengthBytes)
      throws LinuxException, CaptureException {
    UserspaceFilter filter = new UserspaceFilter(program);
    synchronized (lossLock) {
      if (closed) {
        throw new IllegalStateException("the capture is closed");
      }
      FilterRewriter.attach(socket, program);
      origin = origin.withSnapLength(snapLengthBytes);
      queuedFilter = filter;
      queuedBlocks = slots.length + 1;
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
   * Reads the counters at any time, which also clears the mark that the kernel would set on the
   * next block it closes: so what was dropped is placed here. The slot is looked up before the
   * read: a block that the kernel closes in between must not leave the loss after its gap.
   */
  private void readAndPlace() throws LinuxException {
    int slot = slotAfterLoss();
    readStatistics();
    if (slot != NONE) {
      lostBeforeSlot[slot] += dropped - lossPlaced;
      lossPlaced = dropped;
    }
  }

  /**
   * The slot of the first block after a loss that was not placed yet: a waiting one that the kernel
   * has marked, or the one that it fills now. While the ring is full that is the oldest slot's next
   * block, which has a place only once the present one was taken.
   */
  private int slotAfterLoss() {
    if (!isLeased(next)) {
      int slot = next;
      do {
        if (!slots[slot].isClosed() || slots[slot].isLosing() && lostBeforeSlot[slot] == 0) {
          return slot;
        }
        slot = slotAfter(slot);
      } while (slot != oldest);
    }
    return isLeased(oldest) ? oldest : NONE;
  }

  /**
   * Adds what the kernel counted since the last read, which clears its counters; nothing more once
   * the end is fixed. Under lossLock.
   */
  private void readStatistics() throws LinuxException {
    if (endOfFrames != Long.MAX_VALUE) {
      return;
    }
    TpacketStatsV3 since = counters.read();
    // tp_packets counts the dropped frames too, so it may have wrapped where tp_drops has not
    stored += since.packets() - since.drops() & UNSIGNED_INT;
    dropped += since.drops();
    freezes += since.freezes();
  }

  /** Counts as of now, or as of the end once that is fixed. Any thread. */
  CaptureStatistics statisticsNow() throws LinuxException {
    synchronized (lossLock) {
      if (!closed) {
        readAndPlace();
      }
      return statistics();
    }
  }

  /** Counts as of the last read of the kernel's. Any thread. */
  CaptureStatistics statistics() {
    synchronized (lossLock) {
      long leftOut = taken - captured + Math.max(0, storedAtStart - taken);
      return new CaptureStatistics(
          Math.max(stored + dropped - leftOut, captured + dropped), dropped, captured, freezes);
    }
  }

  /** The part of the blocks that are the reader's, from 0 to 1. Any thread. */
  double fill() {
    synchronized (lossLock) {
      int filled = 0;
      for (int i = 0; !closed && i < slots.length; i++) {
        filled += slots[i].isClosed() ? 1 : 0;
      }
      return (double) filled / slots.length;
    }
  }

  @Override
  public void release(Block block) {
    synchronized (lossLock) {
      if (!block.isLeased()) {
        return;
      }
      if (closed) {
        // the kernel has the memory back already
        block.leaseEnded();
        return;
      }
      try {
        releaseLeased(block);
      } catch (LinuxException e) {
        throw new IllegalStateException("an open packet socket has statistics", e);
      }
    }
  }

  /**
   * Gives a block to the kernel. When the ring is full, the kernel waits for just the oldest block:
   * what it drops meanwhile lies between the newest block and the one that this slot will hold
   * next. Reading the statistics around the release places that loss there. While the ring is not
   * full nothing can be lost, and nothing is read.
   *
   * <p>If the kernel has filled the released slots before the read that follows the release, that
   * read belongs to the next gap: the statistics tell how many frames it had stored by then. If the
   * new block also says that a loss before it was unread, the two cannot be told apart, and the sum
   * stands at the first. That takes a reader that loses its processor between two lines here for as
   * long as the kernel takes to fill a block.
   */
  private void releaseLeased(Block block) throws LinuxException {
    int slot = block.slot().index();
    boolean full = slot == oldest && isFull();
    long before = full ? newLoss() : 0;
    block.slot().release();
    // The kernel closes a block, then looks at the next; here one is released, then the one before
    // it looked at. Without the fence each side could miss what the other has just written.
    VarHandle.fullFence();
    // only now: a reader that sees the lease ended must not see the old status
    block.leaseEnded();
    full |= slot == oldest && isFull();
    returned[slot] = true;
    while (returned[oldest]) {
      returned[oldest] = false;
      oldest = slotAfter(oldest);
    }
    if (full) {
      // The kernel counts a drop just after it has let go of the lock that a read takes: the second
      // read has also the one that was on its way.
      readStatistics();
      long after = newLoss();
      int newest = slotBefore(oldest);
      boolean fullAgain =
          slots[newest].isClosed()
              && stored >= framesBefore(newest) + slots[newest].storedFrames()
              && !slots[slot].isLosing();
      lostBeforeSlot[slot] += before + (fullAgain ? 0 : after);
      lostBeforeSlot[oldest] += fullAgain ? after : 0;
    }
  }

  /**
   * Whether the kernel has come round to the oldest block: the slot before it is filled, or was
   * taken and released out of turn, so that the kernel will not look at it yet.
   */
  private boolean isFull() {
    int newest = slotBefore(oldest);
    return returned[newest] || slots[newest].isClosed();
  }

  /** Frames of all blocks before the one that a slot holds: those taken, and those that wait. */
  private long framesBefore(int slot) {
    long frames = taken;
    for (int i = next; i != slot && !isLeased(i); i = slotAfter(i)) {
      frames += slots[i].storedFrames();
    }
    return frames;
  }

  private int slotAfter(int slot) {
    return slot + 1 == slots.length ? 0 : slot + 1;
  }

  private int slotBefore(int slot) {
    return slot == 0 ? slots.length - 1 : slot - 1;
  }

  /**
   * Ends the mapping; blocks that are still out turn unreadable. The socket may be closed then.
   *
   * @throws IllegalStateException if a native call uses the memory right now; call it again then
   */
  void close() {
    synchronized (lossLock) {
      closed = true;
      memory.close();
    }
  }
}
