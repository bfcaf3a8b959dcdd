package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.LiveCapture;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.ReopeningCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One run: a live capture or a capture file, into a topic, a file or both.
 *
 * <p>{@link #open} returns when frames come in; {@link #run} pumps them until the end; {@link
 * #stop}, {@link #counts} and {@link #flush} may be called from any thread.
 */
public final class CaptureAgent implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CaptureAgent.class.getName());
  private static final Duration WARMUP_TIME = Duration.ofMillis(1200);

  private static final long FOLLOW_MILLIS = 1000;

  private final AgentConfig config;
  private final FileSink file;

  /** Guards those of the two that there are; the first is the one that the ledger follows. */
  private final List<GuardedSink> sinks;

  private final FrameQuota quota;

  /** Null where frames of broker connections are captured too. */
  private final OwnTraffic ownTraffic;

  /** One for each worker; a thread runs it. */
  private final List<PacketPump> pumps;

  private final AtomicBoolean stopRequested = new AtomicBoolean();

  /** Null where no Kafka is asked for. */
  private final KafkaLink kafka;

  private final FrameAccount account;

  private Throwable failure;

  private CaptureAgent(
      AgentConfig config,
      List<? extends BlockSource> sources,
      KafkaLink kafka,
      FileSink file,
      DeliveryFailures failures,
      OwnTraffic ownTraffic,
      InterfaceDrops interfaceDrops) {
    this.config = config;
    this.kafka = kafka;
    this.file = file;
    this.ownTraffic = ownTraffic;
    this.quota = new FrameQuota(config.count());
    List<GuardedSink> all = new ArrayList<>();
    if (kafka != null) {
      all.add(new GuardedSink("Kafka", kafka.sink(), this::sinkFailed));
    }
    if (file != null) {
      all.add(new GuardedSink("file " + config.writeTo(), file, this::sinkFailed));
    }
    this.sinks = List.copyOf(all);
    this.pumps = sources.stream().map(source -> new PacketPump(source, failures, quota)).toList();
    this.account = new FrameAccount(pumps, kafka, file, failures, interfaceDrops);
  }

  /**
   * Connects, registers the schema where that is asked for, makes sure of the topic, and starts to
   * capture last of all. A capture that waits for what is missing starts first: {@link #run} waits
   * for registry and Kafka, and the ring holds the frames.
   *
   * @throws IOException if it cannot; the message says what to do
   */
  public static CaptureAgent open(AgentConfig config) throws IOException {
    return open(config, null);
  }

  /**
   * As {@link #open(AgentConfig)}, but the capture is on a private network's wire. Kafka is reached
   * from outside it.
   */
  public static CaptureAgent open(AgentConfig config, PrivateNetwork network) throws IOException {
    DeliveryFailures failures = new DeliveryFailures();
    CompletableFuture<Long> warmup = null;
    CaptureInterface device = null;
    CaptureConfig capture = config.capture();
    AgentConfig.KafkaTarget target = config.kafka();
    if (capture != null) {
      device = in(network, () -> device(config));
      warmup = CompletableFuture.supplyAsync(() -> AgentWarmup.run(WARMUP_TIME, target));
    }
    FileSink file = null;
    KafkaLink kafka = target == null ? null : new KafkaLink(config, failures);
    boolean later = capture != null && config.waits();
    List<? extends BlockSource> sources = List.of();
    try {
      if (kafka != null && !later) {
        kafka.connect();
      }
      if (config.writeTo() != null) {
        file = new FileSink(config.writeTo());
      }
      if (warmup != null) {
        warmup.join();
      }
      if (capture == null) {
        AgentConfig.Replay replay = config.replay();
        BlockSource source = CaptureFile.open(replay.file(), replay.filter()).host(replay.host());
        return new CaptureAgent(config, List.of(source), kafka, file, failures, null, null);
      }
      OwnTraffic ownTraffic = null;
      CaptureConfig opened = capture;
      if (target != null && !target.includeOwnTraffic()) {
        ownTraffic = new OwnTraffic(capture, device);
        opened =
            capture.toBuilder()
                .filter(ownTraffic.exclude(kafka.knownBrokers()))
                .filterChangeable()
                .build();
      }
      CaptureConfig live = opened;
      InterfaceDrops drops = InterfaceDrops.of(device);
      List<? extends LiveCapture> captures = in(network, () -> openLive(config, live));
      sources = captures;
      if (file != null) {
        file.declare(captures.stream().map(LiveCapture::capture).toList(), capture, device);
      }
      return new CaptureAgent(config, sources, kafka, file, failures, ownTraffic, drops);
    } catch (IOException | RuntimeException | Error e) {
      for (BlockSource each : sources) {
        each.close();
      }
      if (kafka != null) {
        kafka.abandon();
      }
      if (file != null) {
        file.finish();
      }
      throw e;
    }
  }

  private static CaptureInterface device(AgentConfig config) throws IOException {
    String name = config.capture().interfaceName();
    return config.waits() ? ReopeningCapture.awaitInterface(name) : PacketCapture.require(name);
  }

  private static List<? extends LiveCapture> openLive(AgentConfig config, CaptureConfig capture)
      throws IOException {
    return config.waits()
        ? ReopeningCapture.openGroup(capture, config.workers())
        : PacketCapture.openGroup(capture, config.workers());
  }

  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T in(PrivateNetwork network, Opening<T> opening) throws IOException {
    return network == null ? opening.open() : network.call(opening::open);
  }

  /**
   * Pumps until the sources end, then sends all that was taken. Whatever fails meanwhile, even by
   * an {@link Error}, ends the run in order: the sources stop, and the sinks bring what they have
   * to its end.
   *
   * @return where every frame went; {@link #failure} tells whether something failed
   */
  public Ledger run() {
    if (kafka != null && kafka.sink() == null) {
      kafka.await(sinks.get(0));
    }
    if (ownTraffic != null && kafka.sink() != null) {
      startFollowing();
    }
    pumpAll();
    if (file != null && config.capture() != null) {
      try {
        file.describe(pumps.stream().map(pump -> pump.source().statistics()).toList());
      } catch (RuntimeException | Error e) {
        fail(e);
      }
    }
    sinks.forEach(GuardedSink::finish);
    return ledger();
  }

  private void startFollowing() {
    Thread follower = new Thread(this::follow, "own-traffic");
    follower.setDaemon(true);
    follower.start();
  }

  /** Until the capture is stopped: what is sent after that is not captured. */
  private void follow() {
    List<OwnTraffic.FilterChange> changes = new ArrayList<>();
    liveCaptures().forEach(each -> changes.add(each::setFilter));
    try {
      while (!stopRequested.get()) {
        Set<HostPort> brokers = kafka.knownBrokers();
        brokers.addAll(kafka.sink().brokers());
        ownTraffic.follow(brokers, changes);
        long captured = pumps.stream().mapToLong(PacketPump::capturedBytes).sum();
        ownTraffic.watch(captured, kafka.sink().bytesSent());
        Thread.sleep(FOLLOW_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) {
      if (!stopRequested.get()) {
        LOG.log(Level.WARNING, "brokers that move are no longer followed reason={0}", e.toString());
      }
    }
  }

  private List<LiveCapture> liveCaptures() {
    return config.capture() == null
        ? List.of()
        : pumps.stream().map(pump -> (LiveCapture) pump.source()).toList();
  }

  /** The captures of a live run, one for each worker; none of a replay. */
  public List<CaptureId> captures() {
    return liveCaptures().stream().map(LiveCapture::capture).toList();
  }

  /** The first pump runs in this thread, each of the others in one of its own. */
  private void pumpAll() {
    ExecutorService threads = Executors.newCachedThreadPool(task -> new Thread(task, "capture"));
    try {
      for (PacketPump each : pumps.subList(1, pumps.size())) {
        threads.execute(() -> pump(each));
      }
      pump(pumps.get(0));
    } catch (RuntimeException | Error e) {
      // the system has no thread for another worker
      end(e);
    } finally {
      threads.shutdown();
      awaitEnd(threads);
    }
  }

  private void awaitEnd(ExecutorService threads) {
    boolean interrupted = false;
    while (true) {
      try {
        if (threads.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
        end(new InterruptedIOException("interrupted while workers capture"));
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** When one worker's capture fails, or has taken the last frame asked for, so do the others. */
  private void pump(PacketPump pump) {
    try {
      pump.run(sinks.stream().map(GuardedSink::writer).toList());
      if (quota.isUsedUp()) {
        pumps.forEach(each -> each.source().wake());
      }
    } catch (IOException | RuntimeException | Error e) {
      end(e);
    }
  }

  /** The other sink goes on, unless there is none or the failure is a bug. */
  private void sinkFailed(Throwable e) {
    fail(e);
    boolean others = sinks.stream().anyMatch(sink -> sink.failure() == null);
    if (!others || !(e instanceof IOException)) {
      stop();
    }
  }

  private void end(Throwable e) {
    fail(e);
    stop();
  }

  private synchronized void fail(Throwable e) {
    failure = failure == null ? e : failure;
  }

  private Ledger ledger() {
    return account.ledger(quota.isUsedUp(), failure(), sinks.get(0).failure());
  }

  /**
   * What failed first, or null. A run may go on when one of its sinks has failed; what is no {@link
   * IOException} is a bug.
   */
  public synchronized Throwable failure() {
    return failure;
  }

  /** The schema's number in the registry, where one is used and has answered. */
  public OptionalInt schemaId() {
    return kafka == null ? OptionalInt.empty() : kafka.schemaId();
  }

  /** The version of this build. */
  public static String version() {
    return Objects.requireNonNullElse(
        CaptureAgent.class.getPackage().getImplementationVersion(), "(not packaged)");
  }

  /** Counts so far. Any thread may ask. */
  public AgentCounts counts() {
    return account.counts();
  }

  /**
   * Waits until every frame that the kernel has counted by now is in the file and answered by
   * Kafka, while {@link #run} goes on. That takes as long as Kafka does. Any thread may, and once
   * the run has ended there is nothing to wait for.
   *
   * @return what had come in by then; all of its frames but those dropped are through
   * @throws InterruptedIOException if the thread is interrupted; it stays so
   */
  public CaptureStatistics flush() throws IOException {
    CaptureStatistics cameIn = new CaptureStatistics(0, 0, 0, 0);
    try {
      for (PacketPump each : pumps) {
        CaptureStatistics now = each.source().readStatistics();
        each.await(now.offered() - now.droppedByKernel());
        cameIn = cameIn.plus(now);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while frames are on their way");
    }
    sinks.forEach(GuardedSink::flush);
    return cameIn;
  }

  /**
   * Lets no further frame in; {@link #run} sends what is there and returns. After the drain timeout
   * what Kafka did not acknowledge is counted as not delivered.
   */
  public void stop() {
    if (!stopRequested.compareAndSet(false, true)) {
      return;
    }
    if (kafka != null) {
      // first: a pump that waits for Kafka ends by it, whatever comes next
      Thread limit = new Thread(this::enforceDrainTimeout, "drain-timeout");
      limit.setDaemon(true);
      limit.start();
    }
    for (PacketPump each : pumps) {
      try {
        each.source().stop();
      } catch (IOException | RuntimeException | Error e) {
        fail(e);
        each.cancel();
      }
    }
  }

  private void enforceDrainTimeout() {
    try {
      Thread.sleep(config.drainTimeout());
    } catch (InterruptedException e) {
      return;
    }
    kafka.giveUp();
  }

  @Override
  public void close() throws IOException {
    for (PacketPump each : pumps) {
      each.source().close();
    }
  }
}
