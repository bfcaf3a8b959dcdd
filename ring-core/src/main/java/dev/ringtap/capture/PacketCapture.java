package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.Poller;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
 * #take} is for one thread at a time; {@link #wake}, {@link #stop}, {@link #close}, {@link
 * #statistics} and {@link #ringFill} are for any. A block may be given back by any thread, in any
 * order.
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
  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  /** poll may return at once for as long as the newest block is held: look again after this. */
  private static final int HELD_BLOCK_WAIT_MILLIS = 1;

  /**
   * After this the statistics must hold nothing new: receive paths that still ran the old filter.
   */
  private static final int SETTLE_MILLIS = 10;

  /** The removal of an interface that is down shows nowhere: look this often once it was down. */
  private static final int DOWN_CHECK_MILLIS = 100;

  private final String interfaceName;
  private final int retireTimeoutMillis;
  private final PacketSocket socket;
  private final Poller poller;
  private final PacketRing ring;

  /** Held while a take runs; close waits for it before it frees what the take uses. */
  private final ReentrantLock taking = new ReentrantLock();

  /** Guarded by taking. */
  private CaptureException failure;

  /** Whether the interface was seen down: from then on its removal may go unannounced. */
  private boolean wasDown;

  private volatile boolean closed;
  private volatile boolean woken;
  private volatile boolean stopping;
  private volatile long stoppedAtNanos;
  private volatile boolean ended;

  private PacketCapture(CaptureConfig config, PacketSocket socket, Poller poller, PacketRing ring) {
    this.interfaceName = config.get(CaptureOption.INTERFACE);
    this.retireTimeoutMillis = config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS);
    this.socket = socket;
    this.poller = poller;
    this.ring = ring;
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
      throw CaptureException.of(e, interfaceName);
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
      RingSetup.requireMemory(config.get(CaptureOption.RING_MIB));
      socket = device.isCooked() ? PacketSocket.openCooked() : PacketSocket.open();
      socket.useTpacketV3();
      if (device.isLoopback()) {
        // the loopback shows every frame twice, going out and coming in
        socket.ignoreOutgoing();
      }
      RingSetup.attach(socket, RingSetup.kernelProgram(config, device));
      int blockSizeBytes = config.get(CaptureOption.BLOCK_KIB) << 10;
      int blockCount = RingSetup.createRing(socket, config, blockSizeBytes);
      arena = Arena.ofShared();
      MemorySegment memory = socket.map((long) blockCount * blockSizeBytes, arena);
      PacketRing ring = new PacketRing(config, device, socket, arena, memory, blockSizeBytes);
      poller = new Poller(socket.fd());
      PacketCapture capture = new PacketCapture(config, socket, poller, ring);
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
        throw CaptureException.of((LinuxException) e, name);
      }
      if (e instanceof CaptureException) {
        throw (CaptureException) e;
      }
      throw new CaptureException(Reason.SYSTEM, "capture on " + name + ": " + e.getMessage(), e);
    }
  }

  /** Memory that the kernel could give without swapping, in MiB, as {@code /proc/meminfo} says. */
  public static long availableMemoryMib() throws IOException {
    return RingSetup.availableMemoryMib();
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
        if (ring.isNextReady()) {
          return ring.leaseNext();
        }
        if (stopping && isDrained()) {
          ended = true;
          if (failure != null) {
            throw failure;
          }
          return null;
        }
        long leftMillis = (deadline - System.nanoTime() + 999_999) / 1_000_000;
        if (leftMillis <= 0 || woken) {
          woken = false;
          return null;
        }
        if (wasDown && !stopping) {
          endIfRemoved();
        }
        long most = stopping ? SETTLE_MILLIS : wasDown ? DOWN_CHECK_MILLIS : leftMillis;
        await((int) Math.min(leftMillis, most));
      }
    } catch (LinuxException e) {
      throw CaptureException.of(e, interfaceName);
    } finally {
      taking.unlock();
    }
  }

  private void await(int timeoutMillis) throws LinuxException {
    Poller.Event event = poller.await(timeoutMillis, true);
    if (event == Poller.Event.ERROR) {
      interfaceChanged();
    } else if (event == Poller.Event.READABLE && !ring.isNextReady()) {
      // poll looks at the newest block, and that one is still held or was just taken
      poller.await(Math.min(timeoutMillis, HELD_BLOCK_WAIT_MILLIS), false);
    }
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
   * Whether every frame that passed the filter has been taken or counted as dropped. The open block
   * comes out when its retire timeout passes, so this needs that long after {@link #stop}.
   */
  private boolean isDrained() throws LinuxException {
    long sinceStopMillis = (System.nanoTime() - stoppedAtNanos) / 1_000_000;
    if (sinceStopMillis < SETTLE_MILLIS) {
      return false;
    }
    ring.refreshStatistics();
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

  @Override
  public synchronized void wake() {
    if (closed) {
      return;
    }
    woken = true;
    wakePoller();
  }

  private void wakePoller() {
    try {
      poller.wake();
    } catch (LinuxException e) {
      throw new AssertionError("an eventfd that is open takes a write", e);
    }
  }

  /** Attaches a filter that refuses all; the source ends when the ring is drained. */
  @Override
  public void stop() throws CaptureException {
    try {
      refuseFrames();
    } catch (LinuxException e) {
      throw CaptureException.of(e, interfaceName);
    }
  }

  private synchronized void refuseFrames() throws LinuxException {
    if (stopping || closed) {
      return;
    }
    RingSetup.attach(socket, BpfProgram.REJECT);
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
    return ring.statistics();
  }

  /**
   * How full the ring is: the part of its blocks that the kernel has filled and not got back, from
   * 0 to 1. At 1 it drops. 0 once closed.
   */
  public double ringFill() {
    return ring.fill();
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      wakePoller();
    }
    taking.lock();
    try {
      ring.close();
      poller.close();
      socket.close();
    } finally {
      taking.unlock();
    }
  }
}
