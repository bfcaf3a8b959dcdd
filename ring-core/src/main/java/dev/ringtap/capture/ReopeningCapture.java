package dev.ringtap.capture;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A capture that outlives its interface: when that is removed, it waits until one of the same name
 * is there and up again, and goes on as the same capture: sequence and statistics go on too. What
 * the wire carried meanwhile is not counted.
 *
 * <p>As {@link PacketCapture}; it is opened again in the network namespace of the thread that
 * takes.
 */
public final class ReopeningCapture implements LiveCapture {
  private static final System.Logger LOG = System.getLogger(PacketCapture.class.getName());

  private static final int LOOK_MILLIS = 100;

  private final @Nullable FanoutGroup group;
  private final CaptureId id;
  private final int linkType;

  /** With the filter of the next opening. Guarded by this, as all that follows. */
  private CaptureConfig config;

  /** Null while the interface is away. */
  private @Nullable PacketCapture current;

  /** One whose interface went away, until its blocks are back. */
  private @Nullable PacketCapture former;

  private CaptureStatistics before = new CaptureStatistics(0, 0, 0, 0);
  private boolean woken;
  private boolean stopped;
  private boolean closed;

  private ReopeningCapture(CaptureConfig config, @Nullable FanoutGroup group, PacketCapture first) {
    this.config = config;
    this.group = group;
    this.current = first;
    this.id = first.capture();
    this.linkType = first.linkType();
  }

  /**
   * Opens the members of a fanout group, or one capture alone, as {@link PacketCapture#openGroup};
   * the interface must be there.
   */
  public static List<ReopeningCapture> openGroup(CaptureConfig config, int members)
      throws CaptureException {
    FanoutGroup group = FanoutGroup.of(config, members);
    List<ReopeningCapture> waiting = new ArrayList<>();
    for (PacketCapture each : CaptureOpener.openAll(config, members, group)) {
      waiting.add(new ReopeningCapture(each.config(), group, each));
    }
    return waiting;
  }

  /** {@inheritDoc} It stays the same after its interface was gone. */
  @Override
  public CaptureId capture() {
    return id;
  }

  @Override
  public @Nullable Block poll(int timeoutMillis) throws IOException {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
    while (true) {
      long leftMillis = (deadline - System.nanoTime() + 999_999) / 1_000_000;
      PacketCapture capture = currentOrReopened((int) Math.max(leftMillis, 0));
      if (capture == null) {
        return null;
      }
      try {
        return capture.poll((int) Math.max(leftMillis, 0));
      } catch (CaptureException e) {
        if (e.reason() != Reason.NO_SUCH_INTERFACE) {
          throw e;
        }
        retire(capture, e);
      }
    }
  }

  private synchronized void retire(PacketCapture capture, CaptureException e) {
    before = statistics();
    current = null;
    former = capture;
    LOG.log(
        Level.WARNING,
        "interface is gone, waiting for it interface={0} reason={1}",
        config.interfaceName(),
        e.getMessage());
  }

  /**
   * The capture to take from, or null where there is none in that time or any more. An interrupt
   * ends no wait, as it ends none of a capture that is open: {@link #wake} does.
   */
  private synchronized @Nullable PacketCapture currentOrReopened(int timeoutMillis)
      throws IOException {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
    boolean interrupted = false;
    try {
      while (current == null && !stopped && !closed) {
        if (former != null && !former.hasBlocksOut()) {
          former.close();
          former = null;
        }
        if (former == null && reopen()) {
          break;
        }
        long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0 || woken) {
          woken = false;
          return null;
        }
        try {
          wait(Math.min(leftMillis, LOOK_MILLIS));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      return current;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean reopen() throws CaptureException {
    String name = config.interfaceName();
    try {
      CaptureConfig going =
          config.toBuilder().continuing(before.captured(), id.startMicros()).build();
      PacketCapture again = CaptureOpener.openAll(List.of(going), group).get(0);
      if (again.linkType() != linkType) {
        again.close();
        throw new CaptureException(
            Reason.UNSUPPORTED_SYSTEM,
            "interface %s is back with link type %s instead of %s; capture it anew"
                .formatted(name, again.linkType(), linkType));
      }
      current = again;
      LOG.log(
          Level.INFO,
          "interface is back, capture goes on interface={0} completeSince={1}",
          name,
          again.completeSince());
      return true;
    } catch (CaptureException e) {
      // a group keeps its old interface until its last member has let go of it
      if (e.isInterfaceAway() || group != null && e.reason() == Reason.FANOUT_REFUSED) {
        return false;
      }
      throw e;
    }
  }

  /** {@inheritDoc} A capture that is opened again has it too. */
  @Override
  public synchronized void setFilter(BpfProgram filter) throws CaptureException {
    setFilter(filter, config.snapLengthBytes());
  }

  /** {@inheritDoc} A capture that is opened again has them too. */
  @Override
  public synchronized void setFilter(BpfProgram filter, int snapLengthBytes)
      throws CaptureException {
    if (current != null) {
      current.setFilter(filter, snapLengthBytes);
    }
    config =
        config.toBuilder()
            .filter(filter)
            .set(CaptureOption.SNAP_LENGTH_BYTES, snapLengthBytes)
            .build();
  }

  @Override
  public synchronized void wake() {
    if (current != null) {
      current.wake();
    } else {
      woken = true;
      notifyAll();
    }
  }

  @Override
  public synchronized boolean isEnded() {
    return closed || (current == null ? stopped : current.isEnded());
  }

  @Override
  public synchronized void stop() throws IOException {
    stopped = true;
    notifyAll();
    if (current != null) {
      current.stop();
    }
  }

  /** Whether the interface is missing, and frames are not captured. */
  public synchronized boolean isWaiting() {
    return current == null && !closed;
  }

  @Override
  public synchronized double ringFill() {
    return current == null ? 0 : current.ringFill();
  }

  @Override
  public synchronized InterfaceState interfaceState() {
    return current == null ? InterfaceState.MISSING : current.interfaceState();
  }

  @Override
  public synchronized CaptureStatistics statistics() {
    return current == null ? before : before.plus(current.statistics());
  }

  @Override
  public synchronized CaptureStatistics readStatistics() throws CaptureException {
    return current == null ? before : before.plus(current.readStatistics());
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
    if (former != null) {
      former.close();
    }
    if (current != null) {
      current.close();
    }
  }
}
