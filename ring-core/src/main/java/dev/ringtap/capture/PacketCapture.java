package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.Poller;
import dev.ringtap.linux.SockFprog;
import dev.ringtap.linux.TpacketBlockDesc;
import dev.ringtap.linux.TpacketStatsV3;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A live capture: a packet socket with a TPACKET_V3 ring, read block by block.
 *
 * <pre>{@code
 * try (PacketCapture capture = PacketCapture.open(CaptureConfig.on("eth0").build())) {
 *   while (!capture.isEnded()) {
 *     try (Block block = capture.take(1000)) {
 *       for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
 *         ...
 *       }
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>The socket belongs to the network namespace of the thread that opens it. Afterwards {@link
 * #take} is for one thread at a time; {@link #stop}, {@link #close} and {@link #statistics} are for
 * any. A block may be given back by any thread, in any order.
 *
 * <p>The capture follows its interface by number. When that goes down, the capture waits until it
 * is up again. When it is renamed, frames keep the name that it was opened with. When it is removed
 * or moved to another network namespace, {@link #take} delivers what is in the ring and then throws
 * a {@link CaptureException} with {@link Reason#NO_SUCH_INTERFACE}; the statistics are exact then.
 *
 * <p>When blocks are held for long the ring fills, the kernel drops, and the drop is counted:
 * {@link Frame#lostBefore()} and {@link #statistics()}. The sums are exact. Each gap stands at the
 * frame behind it, unless the kernel dropped in two gaps between two looks at its one counter; then
 * both stand at one of them.
 */
public final class PacketCapture implements BlockSource {
  /** A command that runs another with CAP_NET_RAW as its only capability, as the calling user. */
  public static final String PERMISSION_COMMAND =
      "sudo setpriv --reuid=$(id -u) --regid=$(id -g) --init-groups"
          + " --inh-caps=+net_raw --ambient-caps=+net_raw COMMAND";

  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  private static final int MIN_BLOCKS = 2;

  /** What is left of a ring that the kernel had no memory for, as in libpcap. */
  private static final double SHRINK = 0.95;

  /**
   * A ring may take this part of the memory that is available, so that asking cannot end in OOM.
   */
  private static final double MOST_OF_MEMORY = 0.8;

  /** poll may return at once for as long as the newest block is held: look again after this. */
  private static final int HELD_BLOCK_WAIT_MILLIS = 1;

  /**
   * After this the statistics must hold nothing new: receive paths that still ran the old filter.
   */
  private static final int SETTLE_MILLIS = 10;

  /** The removal of an interface that is down shows nowhere: look this often once it was down. */
  private static final int DOWN_CHECK_MILLIS = 100;

  /** The kernel's counters have 32 bits: read them long before they can turn over. */
  private static final long FRAMES_BETWEEN_STATISTICS = 1L << 30;

  private final String interfaceName;
  private final int retireTimeoutMillis;
  private final PacketSocket socket;
  private final Poller poller;
  private final Arena ringArena;
  private final MemorySegment ring;
  private final Block[] blocks;

  /** Held while a take runs; close waits for it before it frees what the take uses. */
  private final ReentrantLock taking = new ReentrantLock();

  /** The slot to take next; written under taking and lossLock, read under either. */
  private int next;

  /** Guarded by taking. */
  private CaptureException failure;

  /** Whether the interface was seen down: from then on its removal may go unannounced. */
  private boolean wasDown;

  /** Guards what follows; whoever gives a block back may be another thread than the reader's. */
  private final Object lossLock = new Object();

  /** For each slot of the ring, what was lost before the block that will be in it next. */
  private final long[] lostBeforeSlot;

  private final boolean[] returned;

  /** The slot that the kernel will need first: the oldest one that was not given back. */
  private int oldest;

  private long lossPlaced;
  private long lastStatisticsAt;

  // written under lossLock, read anywhere
  private volatile long offered;
  private volatile long dropped;
  private volatile long captured;
  private volatile long freezes;

  private volatile boolean closed;
  private volatile boolean stopping;
  private volatile long stoppedAtNanos;
  private volatile boolean ended;

  private PacketCapture(
      CaptureConfig config,
      CaptureInterface device,
      PacketSocket socket,
      Poller poller,
      Arena ringArena,
      MemorySegment ring,
      int blockSizeBytes) {
    this.interfaceName = config.get(CaptureOption.INTERFACE);
    this.retireTimeoutMillis = config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS);
    this.socket = socket;
    this.poller = poller;
    this.ringArena = ringArena;
    this.ring = ring;
    int linkType = device.linkType();
    InterfaceNames frameInterfaces = device.isAny() ? new InterfaceNames(socket) : null;
    this.blocks = new Block[(int) (ring.byteSize() / blockSizeBytes)];
    this.lostBeforeSlot = new long[blocks.length];
    this.returned = new boolean[blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new Block(this::giveBack, ring, i, (long) i * blockSizeBytes, blockSizeBytes);
      blocks[i].describe(
          interfaceName,
          linkType,
          device.snapLengthBytes(config.snapLengthBytes()),
          device.isCooked() ? CookedHeader.bytes(linkType) : 0,
          frameInterfaces);
    }
  }

  /**
   * Finds out whether a capture could be opened, without capturing anything: the system has packet
   * sockets, the caller may open one, and the interface exists and is up.
   *
   * @param interfaceName its name, or {@link CaptureInterface#ANY}
   * @return the interface
   * @throws CaptureException if not: its reason and its message tell why and what to do
   */
  public static CaptureInterface require(String interfaceName) throws CaptureException {
    CaptureInterface device = CaptureInterface.named(interfaceName);
    if (!device.isUp()) {
      throw new CaptureException(
          Reason.INTERFACE_DOWN,
          "interface "
              + interfaceName
              + " is down; set it up with: ip link set "
              + interfaceName
              + " up");
    }
    try {
      PacketSocket.open().close();
      return device;
    } catch (LinuxException e) {
      throw explained(e, interfaceName);
    }
  }

  /**
   * Opens a capture; frames come in from now on.
   *
   * @throws CaptureException if it cannot: its reason and its message tell why and what to do
   */
  public static PacketCapture open(CaptureConfig config) throws CaptureException {
    String name = config.get(CaptureOption.INTERFACE);
    CaptureInterface device = require(name);
    PacketSocket socket = null;
    Poller poller = null;
    Arena arena = null;
    try {
      requireMemory(config.get(CaptureOption.RING_MIB));
      socket = device.isCooked() ? PacketSocket.openCooked() : PacketSocket.open();
      socket.useTpacketV3();
      if (device.isLoopback()) {
        // the loopback shows every frame twice, going out and coming in
        socket.ignoreOutgoing();
      }
      attach(socket, kernelProgram(config, device));
      int blockSizeBytes = config.get(CaptureOption.BLOCK_KIB) << 10;
      int blockCount = createRing(socket, config, blockSizeBytes);
      arena = Arena.ofShared();
      MemorySegment ring = socket.map((long) blockCount * blockSizeBytes, arena);
      poller = new Poller(socket.fd());
      PacketCapture capture =
          new PacketCapture(config, device, socket, poller, arena, ring, blockSizeBytes);
      if (config.get(CaptureOption.PROMISCUOUS) && !device.isLoopback() && !device.isAny()) {
        socket.joinPromiscuous(device.index());
      }
      socket.bind(device.index());
      int error = socket.pendingError();
      if (error == Errno.ENETDOWN) {
        throw new CaptureException(Reason.INTERFACE_DOWN, "interface " + name + " went down");
      }
      if (!device.isKnown()) {
        LOG.log(
            Level.WARNING,
            "hardware type {0} of {1} is not known: its frames are captured cooked, without their"
                + " layer-2 header",
            Integer.toString(device.hardwareType()),
            name);
      }
      return capture;
    } catch (IOException | RuntimeException | Error e) {
      if (poller != null) {
        poller.close();
      }
      if (arena != null) {
        arena.close();
      }
      if (socket != null) {
        socket.close();
      }
      if (e instanceof LinuxException) {
        throw explained((LinuxException) e, name);
      }
      if (e instanceof CaptureException) {
        throw (CaptureException) e;
      }
      throw new CaptureException(Reason.SYSTEM, "capture on " + name + ": " + e.getMessage(), e);
    }
  }

  private static BpfProgram kernelProgram(CaptureConfig config, CaptureInterface device)
      throws CaptureException {
    BpfProgram program = config.kernelProgram();
    if (!device.isCooked()) {
      return program;
    }
    int linkType = device.linkType();
    int frameBytes =
        device.snapLengthBytes(config.snapLengthBytes()) - CookedHeader.bytes(linkType);
    program = KernelFilter.cooked(program, linkType).cutTo(frameBytes);
    if (device.isAny()) {
      for (CaptureInterface each : CaptureInterface.list()) {
        if (each.isLoopback()) {
          program = KernelFilter.withoutOutgoing(each.index(), program);
        }
      }
    }
    return program;
  }

  /** Memory that the kernel could give without swapping, in MiB, as {@code /proc/meminfo} says. */
  public static long availableMemoryMib() throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith("MemAvailable:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .findFirst()
        .orElse(Long.MAX_VALUE);
  }

  private static void requireMemory(int ringMib) throws IOException {
    long availableMib = availableMemoryMib();
    if (ringMib > MOST_OF_MEMORY * availableMib) {
      throw new CaptureException(
          Reason.RING_TOO_LARGE,
          "a ring of "
              + ringMib
              + " MiB was asked for, "
              + availableMib
              + " MiB of memory are available and at most "
              + (long) (MOST_OF_MEMORY * availableMib)
              + " of them may be taken; ask for a smaller ring-size");
    }
  }

  /** Makes the ring, smaller where the kernel has no memory for all of it. */
  private static int createRing(PacketSocket socket, CaptureConfig config, int blockSizeBytes)
      throws LinuxException, CaptureException {
    int ringMib = config.get(CaptureOption.RING_MIB);
    int asked = Math.max(MIN_BLOCKS, (int) (((long) ringMib << 20) / blockSizeBytes));
    int retireTimeoutMillis = config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS);
    for (int blockCount = asked; ; ) {
      try {
        socket.createRing(blockSizeBytes, blockCount, retireTimeoutMillis);
      } catch (LinuxException e) {
        if (e.errno() != Errno.ENOMEM) {
          throw e;
        }
        if (blockCount == MIN_BLOCKS) {
          throw new CaptureException(
              Reason.RING_TOO_LARGE,
              "the kernel has no memory for a ring: "
                  + asked
                  + " blocks of "
                  + blockSizeBytes
                  + " bytes were asked for, not even "
                  + MIN_BLOCKS
                  + " could be had; free memory or ask for a smaller block-size",
              e);
        }
        blockCount = Math.max(MIN_BLOCKS, Math.min(blockCount - 1, (int) (blockCount * SHRINK)));
        continue;
      }
      if (blockCount < asked) {
        LOG.log(
            Level.WARNING,
            "the kernel had no memory for a ring of {0} blocks of {1} KiB, it gave {2}",
            asked,
            blockSizeBytes >> 10,
            blockCount);
      }
      return blockCount;
    }
  }

  private static void attach(PacketSocket socket, BpfProgram program) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      SockFprog fprog = new SockFprog(arena, program.instructions().size());
      int index = 0;
      for (BpfProgram.Instruction each : program.instructions()) {
        fprog.set(index++, each.code(), each.jt(), each.jf(), each.k());
      }
      socket.attachFilter(fprog);
    }
  }

  private static CaptureException explained(LinuxException e, String name) {
    switch (e.errno()) {
      case Errno.EPERM:
      case Errno.EACCES:
        return new CaptureException(
            Reason.NO_PERMISSION,
            "no permission to capture on "
                + name
                + ": CAP_NET_RAW is missing. Run as root, or grant just that to your user: "
                + PERMISSION_COMMAND,
            e);
      case Errno.EAFNOSUPPORT:
        return new CaptureException(
            Reason.UNSUPPORTED_SYSTEM,
            "this kernel has no packet sockets (WSL 1 and gVisor have none): " + e.getMessage(),
            e);
      case Errno.ENETDOWN:
        return new CaptureException(Reason.INTERFACE_DOWN, "interface " + name + " is down", e);
      case Errno.ENODEV:
        return new CaptureException(
            Reason.NO_SUCH_INTERFACE, "interface " + name + " went away", e);
      default:
        return new CaptureException(Reason.SYSTEM, "capture on " + name + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Block take(int timeoutMillis) throws CaptureException {
    taking.lock();
    try {
      long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
      while (true) {
        if (closed || ended) {
          ended = true;
          return null;
        }
        if (isNextReady()) {
          return lease(blocks[next]);
        }
        if (stopping && isDrained()) {
          ended = true;
          if (failure != null) {
            throw failure;
          }
          return null;
        }
        long leftMillis = (deadline - System.nanoTime() + 999_999) / 1_000_000;
        if (leftMillis <= 0) {
          return null;
        }
        if (wasDown && !stopping) {
          endIfRemoved();
        }
        long most = stopping ? SETTLE_MILLIS : wasDown ? DOWN_CHECK_MILLIS : leftMillis;
        await((int) Math.min(leftMillis, most));
      }
    } catch (LinuxException e) {
      throw explained(e, interfaceName);
    } finally {
      taking.unlock();
    }
  }

  private Block lease(Block block) throws LinuxException {
    synchronized (lossLock) {
      next = slotAfter(next);
      long lost = lostBeforeSlot[block.index()];
      lostBeforeSlot[block.index()] = 0;
      if (isLosing(block) && lost == 0 || captured - lastStatisticsAt > FRAMES_BETWEEN_STATISTICS) {
        lost += newLoss();
      }
      block.lease(captured, lost);
      captured += Integer.toUnsignedLong(block.frameCount());
    }
    return block;
  }

  /** What the kernel dropped since the last time that its loss was placed. Under lossLock. */
  private long newLoss() throws LinuxException {
    readStatistics();
    long loss = dropped - lossPlaced;
    lossPlaced = dropped;
    return loss;
  }

  private void await(int timeoutMillis) throws LinuxException {
    Poller.Event event = poller.await(timeoutMillis, true);
    if (event == Poller.Event.ERROR) {
      interfaceChanged();
    } else if (event == Poller.Event.READABLE && !isNextReady()) {
      // poll looks at the newest block, and that one is still held or was just taken
      poller.await(Math.min(timeoutMillis, HELD_BLOCK_WAIT_MILLIS), false);
    }
  }

  private boolean isNextReady() {
    return !blocks[next].isLeased() && isClosed(next);
  }

  /** The socket has an error: the interface went down or away. What is in the ring stays good. */
  private void interfaceChanged() throws LinuxException {
    int error = socket.pendingError();
    if (stopping || endIfRemoved()) {
      return;
    }
    if (error == Errno.ENETDOWN) {
      LOG.log(
          Level.WARNING,
          "interface {0} went down; capture goes on when it is up again",
          interfaceName);
      // it may be about to be removed, which nothing will tell
      wasDown = true;
    } else if (error != 0) {
      LOG.log(Level.WARNING, "socket error {0} on {1}", error, interfaceName);
    }
  }

  private boolean endIfRemoved() throws LinuxException {
    if (socket.boundInterface() >= 0) {
      return false;
    }
    failure =
        new CaptureException(
            Reason.NO_SUCH_INTERFACE,
            "interface "
                + interfaceName
                + " was removed, or moved to another network namespace; capture again when it is"
                + " back");
    refuseFrames();
    return true;
  }

  /**
   * Adds what the kernel counted since the last read, which clears its counters. Under lossLock.
   */
  private void readStatistics() throws LinuxException {
    TpacketStatsV3 since = socket.statistics();
    offered += since.packets();
    dropped += since.drops();
    freezes += since.freezes();
    lastStatisticsAt = captured;
  }

  /**
   * Whether every frame that passed the filter has been taken or counted as dropped. The open block
   * comes out when its retire timeout passes, so this needs that long after {@link #stop}.
   */
  private boolean isDrained() throws LinuxException {
    long sinceStopMillis = (System.nanoTime() - stoppedAtNanos) / 1_000_000;
    if (sinceStopMillis < SETTLE_MILLIS) {
      return false;
    }
    synchronized (lossLock) {
      readStatistics();
    }
    if (statistics().waiting() == 0) {
      return true;
    }
    if (sinceStopMillis > 1000 + 10L * retireTimeoutMillis) {
      LOG.log(
          Level.WARNING,
          "{0} frames of {1} were counted by the kernel and did not come out of the ring",
          statistics().waiting(),
          interfaceName);
      return true;
    }
    return false;
  }

  /** Attaches a filter that refuses all; the source ends when the ring is drained. */
  @Override
  public void stop() throws CaptureException {
    try {
      refuseFrames();
    } catch (LinuxException e) {
      throw explained(e, interfaceName);
    }
  }

  private synchronized void refuseFrames() throws LinuxException {
    if (stopping || closed) {
      return;
    }
    attach(socket, BpfProgram.REJECT);
    stoppedAtNanos = System.nanoTime();
    stopping = true;
    poller.wake();
  }

  @Override
  public boolean isEnded() {
    return ended || closed;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The kernel's counters are read when the ring is full and when the source ends: between,
   * offered and dropped are as of the last read. After the end they are exact: offered = dropped +
   * captured.
   */
  @Override
  public CaptureStatistics statistics() {
    long capturedNow = captured;
    return new CaptureStatistics(
        Math.max(offered, capturedNow + dropped), dropped, capturedNow, freezes);
  }

  private void giveBack(Block block) {
    synchronized (lossLock) {
      try {
        release(block);
      } catch (LinuxException | IllegalStateException e) {
        // closed meanwhile: the kernel has the memory back already
        LOG.log(Level.DEBUG, "block given back after the end", e);
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
    TpacketBlockDesc.setStatusRelease(ring, block.start(), TpacketBlockDesc.TP_STATUS_KERNEL);
    // The kernel closes a block, then looks at the next; here a block is released, then the one
    // before
    // looked at. Without the fence each side could miss what the other has just written.
    VarHandle.fullFence();
    returned[slot] = true;
    while (returned[oldest]) {
      returned[oldest] = false;
      oldest = slotAfter(oldest);
    }
    if (awaited && isClosed(slotBefore(slot))) {
      // The kernel counts a drop just after it has let go of the lock that a read takes: the second
      // read
      // has also the one that was on its way.
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
    long frames = captured;
    for (int i = next; i != slot && !blocks[i].isLeased(); i = slotAfter(i)) {
      frames += frameCount(i);
    }
    return frames;
  }

  private long frameCount(int slot) {
    return Integer.toUnsignedLong(TpacketBlockDesc.numPkts(ring, blocks[slot].start()));
  }

  private int slotAfter(int slot) {
    return slot + 1 == blocks.length ? 0 : slot + 1;
  }

  private int slotBefore(int slot) {
    return slot == 0 ? blocks.length - 1 : slot - 1;
  }

  private boolean isLosing(Block block) {
    return (TpacketBlockDesc.status(ring, block.start()) & TpacketBlockDesc.TP_STATUS_LOSING) != 0;
  }

  /** Whether the kernel has filled the slot and not got it back yet. */
  private boolean isClosed(int slot) {
    return (TpacketBlockDesc.statusAcquire(ring, blocks[slot].start())
            & TpacketBlockDesc.TP_STATUS_USER)
        != 0;
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      try {
        poller.wake();
      } catch (LinuxException e) {
        throw new AssertionError("an eventfd that is open takes a write", e);
      }
    }
    taking.lock();
    try {
      ringArena.close();
      poller.close();
      socket.close();
    } finally {
      taking.unlock();
    }
  }
}
