package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.filter.FilterException;
import dev.ringtap.linux.Errno;
import dev.ringtap.linux.Ifreq;
import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import dev.ringtap.linux.Poller;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A live capture: a packet socket with a TPACKET_V3 ring, read block by block.
 *
 * <pre>{@code
 * try (PacketCapture capture = PacketCapture.open(CaptureConfig.on("eth0").build())) {
 *   while (!capture.isEnded()) {
 *     try (Block block = capture.poll(1000)) {
 *       Frame f;
 *       while (block != null && (f = block.next()) != null) {
 *         ...
 *       }
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>The socket belongs to the network namespace of {@link CaptureOption#NETWORK_NAMESPACE},
 * otherwise to that of the thread that opens it. Afterwards {@link #poll} is for one thread at a
 * time; {@link #wake}, {@link #stop}, {@link #close}, {@link #statistics} and {@link #ringFill} are
 * for any. A block may be released by any thread, in any order.
 *
 * <p>The capture follows its interface by number. When that goes down, the capture waits until it
 * is up again. When it is renamed, frames keep the name that it was opened with. When it is removed
 * or moved to another network namespace, {@link #poll} delivers what is in the ring and then throws
 * a {@link CaptureException} with {@link Reason#NO_SUCH_INTERFACE}; the statistics are exact then.
 *
 * <p>When blocks are held for long the ring fills, the kernel drops, and the drop is counted:
 * {@link Frame#lostBefore()} and {@link #statistics()}. The sums are exact. Each gap stands at the
 * frame after it, unless the kernel dropped in two gaps between two looks at its one counter; then
 * both stand at one of them.
 */
public final class PacketCapture implements LiveCapture {
  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  /** poll may return at once for as long as the newest block is held: look again after this. */
  private static final int HELD_BLOCK_WAIT_MILLIS = 1;

  /** While the ring is drained, look this often. */
  private static final int DRAIN_CHECK_MILLIS = 10;

  /** The removal of an interface that is down shows nowhere: look this often once it was down. */
  private static final int DOWN_CHECK_MILLIS = 100;

  private final CaptureConfig config;
  private final CaptureInterface device;

  /** The filter that it opened with, as the kernel takes it. */
  private final BpfProgram program;

  private final String interfaceName;
  private final int retireTimeoutMillis;
  private final PacketSocket socket;

  /** Null if timestamps are the kernel's. */
  private final @Nullable HardwareClock clock;

  private final Poller poller;
  private final PacketRing ring;

  /** Held while a poll runs; close waits for it before it frees what the poll uses. */
  private final ReentrantLock taking = new ReentrantLock();

  /** Guarded by taking. */
  private @Nullable CaptureException failure;

  /** Whether the interface was seen down: from then on its removal may go unannounced. */
  private boolean wasDown;

  /** Guarded by taking. */
  private boolean descriptorsClosed;

  private volatile boolean closed;
  private volatile boolean woken;
  private volatile boolean stopping;
  private volatile long stoppedAtNanos;
  private volatile boolean ended;

  /** Written before the capture is published. */
  private Instant completeSince = Instant.MAX;

  PacketCapture(
      CaptureConfig config,
      CaptureInterface device,
      BpfProgram program,
      PacketSocket socket,
      @Nullable HardwareClock clock,
      Poller poller,
      PacketRing ring) {
    this.config = config;
    this.device = device;
    this.program = program;
    this.interfaceName = config.interfaceName();
    this.retireTimeoutMillis = config.get(CaptureOption.RETIRE_TIMEOUT_MILLIS);
    this.socket = socket;
    this.clock = clock;
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
          "interface %s is down; set it up with: ip link set %s up"
              .formatted(interfaceName, interfaceName));
    }
    try {
      PacketSocket.open().close();
      return device;
    } catch (LinuxException e) {
      throw CaptureException.of(e, interfaceName);
    }
  }

  /**
   * Opens a capture with the default options; frames come in from now on.
   *
   * @param interfaceName its name, or {@link CaptureInterface#ANY}
   * @param filter words of pcap-filter(7), which libpcap compiles; empty captures all frames and
   *     needs no libpcap
   * @throws CaptureException if the capture cannot be opened: its reason and its message tell why
   *     and what to do
   * @throws FilterException if the filter is wrong, or libpcap is missing
   */
  public static PacketCapture open(String interfaceName, String filter) throws IOException {
    CaptureConfig config = CaptureConfig.on(interfaceName).build();
    if (filter.isEmpty()) {
      return open(config);
    }
    int linkType = require(interfaceName).linkType();
    return open(
        config.withFilter(
            FilterCompiler.system()
                .compileLive(filter, interfaceName, linkType, config.snapLengthBytes())));
  }

  /**
   * Opens a capture; frames come in from now on. With a {@link CaptureOption#FANOUT_GROUP} it gets
   * its share of the frames, and none that another member gets.
   *
   * <p>A member that joins a running group costs the group frames: those for which the kernel
   * chooses it between its joining and its filter's attaching, some microseconds, are neither
   * captured nor counted. {@link #completeSince} tells when that is over, and the log too.
   *
   * @throws CaptureException if it cannot: its reason and its message tell why and what to do
   */
  public static PacketCapture open(CaptureConfig config) throws CaptureException {
    return CaptureOpener.openAll(List.of(config), FanoutGroup.of(config, 1)).get(0);
  }

  /**
   * Opens the members of a fanout group, or one capture alone: from one instant on each frame comes
   * to exactly one of them, and no earlier frame is delivered or counted. Each has a ring of the
   * configured size. They are numbered from 0, as {@link CaptureId#member}.
   *
   * @param config for all of them; with {@link CaptureOption#FANOUT_GROUP} 0 the group is their own
   * @param members how many, from 1 to 256
   * @throws CaptureException if one cannot be opened; then none is
   */
  public static List<PacketCapture> openGroup(CaptureConfig config, int members)
      throws CaptureException {
    return CaptureOpener.openAll(config, members, FanoutGroup.of(config, members));
  }

  CaptureConfig config() {
    return config;
  }

  @Override
  public CaptureId capture() {
    return ring.capture();
  }

  /** LINKTYPE value of the payloads. */
  public int linkType() {
    return device.linkType();
  }

  /**
   * From when on the capture is complete: each frame that passes the filter is delivered, counted
   * as dropped, or comes to another member of its fanout group. By the system's clock; frames of
   * some microseconds before may be there too.
   */
  public Instant completeSince() {
    return completeSince;
  }

  /** Of a group, whose members start later than they open. */
  void completeSince(Instant start) {
    completeSince = start;
  }

  PacketRing ring() {
    return ring;
  }

  /** Whether somebody holds a block. */
  boolean hasBlocksOut() {
    return ring.hasBlocksOut();
  }

  /** The last step of opening. */
  void letFramesIn(boolean ofGroup) throws IOException {
    if (ofGroup) {
      FilterRewriter.attach(socket, program);
    }
    completeSince = Instant.now();
    if (!config.isFilterChangeable()) {
      socket.lockFilter();
    }
    if (!device.isKnown()) {
      LOG.log(
          Level.WARNING,
          "hardware type is not known, frames are captured cooked, without their layer-2 header"
              + " interface={0} hardwareType={1}",
          interfaceName,
          Integer.toString(device.hardwareType()));
    }
  }

  @Override
  public void setFilter(BpfProgram filter) throws CaptureException {
    setFilter(filter, ring.snapLengthBytes());
  }

  @Override
  public void setFilter(BpfProgram filter, int snapLengthBytes) throws CaptureException {
    if (!config.isFilterChangeable()) {
      throw new IllegalStateException(
          "the filter of " + interfaceName + " is locked; open with filterChangeable()");
    }
    CaptureConfig changed =
        config.toBuilder()
            .filter(filter)
            .set(CaptureOption.SNAP_LENGTH_BYTES, snapLengthBytes)
            .build();
    try {
      ring.changeFilter(
          changed.inNamespace(() -> FilterRewriter.forInterface(changed, device)),
          device.snapLengthBytes(changed.snapLengthBytes()));
    } catch (LinuxException e) {
      throw CaptureException.of(e, interfaceName);
    }
  }

  /** Memory that the kernel could give without swapping, in MiB, as {@code /proc/meminfo} says. */
  public static long availableMemoryMib() throws IOException {
    return CaptureOpener.availableMemoryMib();
  }

  @Override
  public @Nullable Block poll(int timeoutMillis) throws CaptureException {
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
        long most = stopping ? DRAIN_CHECK_MILLIS : wasDown ? DOWN_CHECK_MILLIS : leftMillis;
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
          "interface went down, capture goes on when it is up again interface={0}",
          interfaceName);
      // it may be about to be removed, which nothing will tell
      wasDown = true;
    } else if (error != 0) {
      LOG.log(Level.WARNING, "socket error interface={0} errno={1}", interfaceName, error);
    }
  }

  private boolean endIfRemoved() throws LinuxException {
    if (socket.boundInterface() >= 0) {
      return false;
    }
    failure =
        new CaptureException(
            Reason.NO_SUCH_INTERFACE,
            ("interface %s was removed, or moved to another network namespace; capture again"
                    + " when it is back")
                .formatted(interfaceName));
    end();
    return true;
  }

  /**
   * Whether all frames up to the end have been taken. The open block comes out when its retire
   * timeout passes, so this needs that long after {@link #stop}.
   */
  private boolean isDrained() {
    if (ring.isDrained()) {
      return true;
    }
    long sinceStopMillis = (System.nanoTime() - stoppedAtNanos) / 1_000_000;
    if (sinceStopMillis > 1000 + 10L * retireTimeoutMillis) {
      LOG.log(
          Level.WARNING,
          "frames that the kernel counted did not come out of the ring interface={0} frames={1}",
          interfaceName,
          statistics().waiting());
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

  /**
   * Ends the capture at the frame that the kernel stores now; the source ends when all before it
   * were taken.
   */
  @Override
  public void stop() throws CaptureException {
    try {
      end();
    } catch (LinuxException e) {
      throw CaptureException.of(e, interfaceName);
    }
  }

  private synchronized void end() throws LinuxException {
    if (stopping || closed) {
      return;
    }
    ring.end();
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
   * <p>The kernel's counters are read about once a second, when the ring is full and when the
   * source ends: between, offered and dropped are as of the last read. After the end they are
   * exact: offered = dropped + captured.
   */
  @Override
  public CaptureStatistics statistics() {
    return ring.statistics();
  }

  @Override
  public CaptureStatistics readStatistics() throws CaptureException {
    try {
      return ring.statisticsNow();
    } catch (LinuxException e) {
      throw CaptureException.of(e, interfaceName);
    }
  }

  @Override
  public double ringFill() {
    return ring.fill();
  }

  /** Synchronized: {@link #close} closes the socket only after it has set {@code closed}. */
  @Override
  public synchronized InterfaceState interfaceState() {
    if (closed) {
      return InterfaceState.MISSING;
    }
    if (device.isAny()) {
      return InterfaceState.UP;
    }
    try {
      int flags = socket.interfaceFlags(device.index());
      return (flags & Ifreq.IFF_UP) != 0 ? InterfaceState.UP : InterfaceState.DOWN;
    } catch (LinuxException e) {
      return InterfaceState.MISSING;
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if a native call uses the ring's memory; all except the memory is
   *     closed then, and closing again releases that
   */
  @Override
  public void close() {
    synchronized (this) {
      if (!closed) {
        closed = true;
        wakePoller();
      }
    }
    taking.lock();
    try {
      RingWatch.remove(ring);
      ring.close();
    } finally {
      closeDescriptors();
      taking.unlock();
    }
  }

  private void closeDescriptors() {
    if (!descriptorsClosed) {
      descriptorsClosed = true;
      poller.close();
      if (clock != null) {
        clock.close();
      }
      socket.close();
    }
  }
}
