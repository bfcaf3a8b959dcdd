package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureException;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.LiveCapture;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.ReopeningCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.BpfProgram;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One capture of a run: an interface with its members, or a file. It has an account of its own.
 * Thread-safe.
 */
final class CaptureRun implements AutoCloseable {
  private final String name;

  /** Null for a file. */
  private final @Nullable CaptureInterface device;

  private final List<? extends BlockSource> sources;
  private final List<PacketPump> pumps;
  private final Delivery delivery;

  /** Counts frames by their flow records; the same as {@link #delivery} if no packets are sent. */
  private final Delivery flowDelivery;

  private final FrameAccount account;

  /** Whether it waits for an interface that is removed, and goes on. */
  private final boolean reopens;

  /** Null if frames of broker connections are captured too. Guarded by this. */
  private @Nullable OwnTraffic ownTraffic;

  private boolean closed;

  private final AtomicInteger pumping;

  /** Why the capture ended alone, or null. */
  private volatile @Nullable Throwable end;

  /** What all captures of a run have in common. */
  record Common(
      FrameQuota quota,
      Lock blockLock,
      @Nullable KafkaLink kafka,
      boolean writesFile,
      AgentConfig.@Nullable FlowTarget flows) {
    boolean flowsAlone() {
      return flows != null && flows.alone();
    }
  }

  private CaptureRun(
      String name,
      @Nullable CaptureInterface device,
      List<? extends BlockSource> sources,
      boolean reopens,
      @Nullable OwnTraffic ownTraffic,
      @Nullable InterfaceDrops drops,
      Common common) {
    this.name = name;
    this.device = device;
    this.sources = sources;
    this.reopens = reopens;
    this.ownTraffic = ownTraffic;
    this.delivery = new Delivery(name);
    this.flowDelivery =
        common.flows() == null || common.flowsAlone() ? delivery : new Delivery(name + " flows");
    List<DeliveryFailures> failures =
        Stream.of(delivery, flowDelivery).distinct().map(Delivery::failures).toList();
    this.pumps =
        sources.stream()
            .map(source -> new PacketPump(source, failures, common.quota(), common.blockLock()))
            .toList();
    this.pumping = new AtomicInteger(pumps.size());
    this.account =
        new FrameAccount(
            name,
            pumps,
            delivery,
            common.flows() == null ? null : flowDelivery,
            common.kafka(),
            common.writesFile(),
            drops);
  }

  /** Opens a capture file. */
  static CaptureRun open(AgentConfig.Replay replay, Common common) throws IOException {
    BlockSource source = CaptureFile.open(replay.file(), replay.filter()).host(replay.host());
    return new CaptureRun(
        replay.file().toString(), null, List.of(source), false, null, null, common);
  }

  /**
   * Opens an interface.
   *
   * @param reopens whether the capture outlives its interface
   * @param excluded brokers whose connections are not captured, or null to capture them too
   * @throws IOException if it cannot be opened; the message says why
   */
  static CaptureRun open(
      CaptureInterface device,
      CaptureConfig capture,
      int workers,
      boolean reopens,
      @Nullable Set<HostPort> excluded,
      Common common)
      throws IOException {
    OwnTraffic ownTraffic = null;
    CaptureConfig opened = capture;
    if (excluded != null) {
      ownTraffic = new OwnTraffic(capture, device);
      opened = capture.toBuilder().filter(ownTraffic.exclude(excluded)).filterChangeable().build();
    }
    // sysfs tells of this process's namespace alone
    boolean isHere = opened.get(CaptureOption.NETWORK_NAMESPACE) == null;
    InterfaceDrops drops = isHere ? InterfaceDrops.of(device) : null;
    List<? extends LiveCapture> members =
        reopens
            ? ReopeningCapture.openGroup(opened, workers)
            : PacketCapture.openGroup(opened, workers);
    return new CaptureRun(device.name(), device, members, reopens, ownTraffic, drops, common);
  }

  /** The interface or the file. */
  String name() {
    return name;
  }

  List<PacketPump> pumps() {
    return pumps;
  }

  Delivery delivery() {
    return delivery;
  }

  Delivery flowDelivery() {
    return flowDelivery;
  }

  FrameAccount account() {
    return account;
  }

  private List<LiveCapture> members() {
    List<LiveCapture> members = new ArrayList<>();
    for (BlockSource each : sources) {
      if (each instanceof LiveCapture member) {
        members.add(member);
      }
    }
    return members;
  }

  /** The members of a live capture; none of a file. */
  List<CaptureId> captures() {
    return members().stream().map(LiveCapture::capture).toList();
  }

  /** Declares what this captures in the file. */
  void declareIn(FileSink file, CaptureConfig capture) throws IOException {
    CaptureInterface declared = device();
    // one that can be changed later is no limit
    int snapLength =
        capture.isFilterChangeable() ? 0 : declared.snapLengthBytes(capture.snapLengthBytes());
    for (CaptureId each : captures()) {
      file.declare(each, declared.linkType(), snapLength);
    }
  }

  /** Tells the file what the members have seen. */
  void describeIn(FileSink file) {
    for (LiveCapture each : members()) {
      file.describe(each.capture(), each.statistics());
    }
  }

  /** One pump has ended; whether it was the last. */
  boolean pumpEnded() {
    return pumping.decrementAndGet() == 0;
  }

  boolean isEnded() {
    return pumping.get() == 0;
  }

  /** Whether a failure ends the capture alone, and not the run: its interface is gone. */
  boolean endsWith(Throwable failure) {
    boolean ends =
        !reopens
            && failure instanceof CaptureException e
            && e.reason() == CaptureException.Reason.NO_SUCH_INTERFACE;
    end = ends ? failure : end;
    return ends;
  }

  /** The ledger of a capture that has ended alone, once no frame is in flight. */
  Ledger ledgerAlone(@Nullable Throwable sinkFailure, @Nullable Throwable flowFailure) {
    return account.ledger(false, end, sinkFailure, flowFailure);
  }

  /**
   * Keeps out the connections to brokers that have moved or joined.
   *
   * @param bytesSent by the producer
   */
  synchronized void follow(Set<HostPort> brokers, long bytesSent) throws IOException {
    if (ownTraffic == null || closed) {
      return;
    }
    List<OwnTraffic.FilterChange> changes = new ArrayList<>();
    members().forEach(each -> changes.add(each::setFilter));
    ownTraffic.follow(brokers, changes);
    ownTraffic.watch(pumps.stream().mapToLong(PacketPump::capturedBytes).sum(), bytesSent);
  }

  /**
   * Captures by another filter and snap length from now on.
   *
   * @param capture has them
   * @param brokers whose connections are not captured, if any are excluded
   */
  synchronized void change(CaptureConfig capture, Set<HostPort> brokers) throws IOException {
    if (closed) {
      return;
    }
    BpfProgram filter = capture.kernelProgram();
    if (ownTraffic != null) {
      OwnTraffic changed = new OwnTraffic(capture, device());
      filter = changed.exclude(brokers);
      ownTraffic = changed;
    }
    for (LiveCapture each : members()) {
      each.setFilter(filter, capture.snapLengthBytes());
    }
  }

  /** The interface of a live capture, as it was when the capture was opened. */
  CaptureInterface device() {
    return Objects.requireNonNull(device, "a file has no interface");
  }

  /** Lets nothing further in. A pump whose source cannot be stopped is cancelled. */
  void stop(Consumer<Throwable> onFailure) {
    for (PacketPump each : pumps) {
      try {
        each.source().stop();
      } catch (IOException | RuntimeException | Error e) {
        onFailure.accept(e);
        each.cancel();
      }
    }
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    for (BlockSource each : sources) {
      each.close();
    }
  }
}
