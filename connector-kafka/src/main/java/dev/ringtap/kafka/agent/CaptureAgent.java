package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.WaitingCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.kafka.registry.RegistryException;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.PacketSchema;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import org.apache.avro.Schema;
import org.apache.kafka.clients.CommonClientConfigs;

/**
 * One run: a live capture or a capture file, into a topic, a file or both.
 *
 * <p>{@link #open} returns when frames come in; {@link #run} pumps them until the end; {@link
 * #stop}, {@link #progress} and {@link #flush} may be called from any thread.
 */
public final class CaptureAgent implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CaptureAgent.class.getName());
  private static final Duration WARMUP_TIME = Duration.ofMillis(1200);

  private static final long RETRY_MILLIS = 500;
  private static final long FOLLOW_MILLIS = 1000;

  private final AgentConfig config;
  private final FileSink file;

  /** Guards those of the two that there are; the first is the one that the ledger follows. */
  private final List<GuardedSink> sinks;

  private final Refusals refusals;
  private final FrameQuota quota;
  private final InterfaceDrops interfaceDrops;

  /** Null where frames of broker connections are captured too. */
  private final OwnTraffic ownTraffic;

  /** One for each worker; a thread runs it. */
  private final List<PacketPump> pumps;

  private final AtomicBoolean stopRequested = new AtomicBoolean();

  /** Null where no Kafka is asked for, and until it answers. */
  private volatile Connection kafka;

  private volatile boolean drainTimeoutOver;

  /** That of {@link #run} while it waits for Kafka. Guarded by this. */
  private Thread waiting;

  private Throwable failure;

  private CaptureAgent(
      AgentConfig config,
      List<? extends BlockSource> sources,
      Connection kafka,
      FileSink file,
      Refusals refusals,
      OwnTraffic ownTraffic,
      InterfaceDrops interfaceDrops) {
    this.config = config;
    this.kafka = kafka;
    this.file = file;
    this.refusals = refusals;
    this.ownTraffic = ownTraffic;
    this.interfaceDrops = interfaceDrops;
    this.quota = new FrameQuota(config.count());
    List<GuardedSink> all = new ArrayList<>();
    if (config.kafka() != null) {
      all.add(new GuardedSink("Kafka", kafka == null ? null : kafka.sink, this::sinkFailed));
    }
    if (file != null) {
      all.add(new GuardedSink("file " + config.writeTo(), file, this::sinkFailed));
    }
    this.sinks = List.copyOf(all);
    this.pumps = sources.stream().map(source -> new PacketPump(source, refusals, quota)).toList();
  }

  /** What is known once registry and broker have answered. */
  private static final class Connection {
    final KafkaSink sink;
    final OptionalInt schemaId;
    final Set<HostPort> brokers;

    private Connection(KafkaSink sink, OptionalInt schemaId, Set<HostPort> brokers) {
      this.sink = sink;
      this.schemaId = schemaId;
      this.brokers = brokers;
    }

    static Connection open(AgentConfig config, Refusals refusals) throws IOException {
      AgentConfig.KafkaTarget target = config.kafka();
      OptionalInt schemaId = register(target);
      Set<HostPort> brokers =
          KafkaTopic.ensure(target.producerSettings(), target.topic(), target.partitions());
      return new Connection(
          KafkaSink.open(target, clientId(config), schemaId, refusals), schemaId, brokers);
    }

    /** Tells the agents of many hosts apart in the brokers' metrics, quotas and logs. */
    private static String clientId(AgentConfig config) {
      CaptureConfig capture = config.capture();
      return capture == null
          ? "ringtap-replay"
          : "ringtap-" + capture.hostName() + "-" + capture.get(CaptureOption.INTERFACE);
    }

    private static OptionalInt register(AgentConfig.KafkaTarget target) throws IOException {
      if (target.schema() == null) {
        return OptionalInt.empty();
      }
      Schema schema =
          target.framesPerRecord() == 1 ? PacketSchema.published() : PacketSchema.publishedBatch();
      return OptionalInt.of(target.schema().register(schema));
    }
  }

  /**
   * Counts of a run that goes on.
   *
   * @param captured frames taken so far
   * @param capturedBytes bytes of their payloads
   * @param droppedByKernel drops known so far
   * @param arrived frames acknowledged, or written where no Kafka was asked for
   * @param refused frames refused
   */
  public record Progress(
      long captured, long capturedBytes, long droppedByKernel, long arrived, long refused) {}

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
    Refusals refusals = new Refusals();
    CompletableFuture<Long> warmup = null;
    CaptureInterface device = null;
    CaptureConfig capture = config.capture();
    AgentConfig.KafkaTarget target = config.kafka();
    if (capture != null) {
      device = in(network, () -> device(config));
      warmup = CompletableFuture.supplyAsync(() -> AgentWarmup.run(WARMUP_TIME, target));
    }
    FileSink file = null;
    Connection kafka = null;
    boolean later = capture != null && config.waits();
    List<? extends BlockSource> sources = List.of();
    try {
      if (target != null && !later) {
        kafka = Connection.open(config, refusals);
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
        return new CaptureAgent(config, List.of(source), kafka, file, refusals, null, null);
      }
      OwnTraffic ownTraffic = null;
      CaptureConfig opened = capture;
      if (target != null && !target.includeOwnTraffic()) {
        ownTraffic = new OwnTraffic(capture, device);
        opened =
            capture.toBuilder()
                .filter(ownTraffic.exclude(brokers(target, kafka)))
                .filterChangeable()
                .build();
      }
      CaptureConfig live = opened;
      InterfaceDrops drops = InterfaceDrops.of(device);
      sources = in(network, () -> openLive(config, live));
      if (file != null) {
        file.declare(sources.stream().map(CaptureAgent::idOf).toList(), capture, device);
      }
      return new CaptureAgent(config, sources, kafka, file, refusals, ownTraffic, drops);
    } catch (IOException | RuntimeException | Error e) {
      for (BlockSource each : sources) {
        each.close();
      }
      if (kafka != null) {
        kafka.sink.abandon();
      }
      if (file != null) {
        file.finish();
      }
      throw e;
    }
  }

  /** All that are known: the client goes back to those that it was told first. */
  private static Set<HostPort> brokers(AgentConfig.KafkaTarget target, Connection kafka) {
    Set<HostPort> brokers =
        HostPort.ofServers(
            target
                .producerSettings()
                .getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, ""));
    if (kafka != null) {
      brokers.addAll(kafka.brokers);
    }
    return brokers;
  }

  private static CaptureInterface device(AgentConfig config) throws IOException {
    String name = config.capture().get(CaptureOption.INTERFACE);
    return config.waits() ? WaitingCapture.awaitInterface(name) : PacketCapture.require(name);
  }

  private static List<? extends BlockSource> openLive(AgentConfig config, CaptureConfig capture)
      throws IOException {
    return config.waits()
        ? WaitingCapture.openGroup(capture, config.workers())
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
    if (config.kafka() != null && kafka == null) {
      awaitKafka();
    }
    if (ownTraffic != null && kafka != null) {
      startFollowing(kafka);
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

  /** Returns when the sink is open or has failed; the drain timeout ends it. */
  private void awaitKafka() {
    GuardedSink guard = sinks.get(0);
    synchronized (this) {
      waiting = Thread.currentThread();
    }
    String told = null;
    while (kafka == null && guard.failure() == null) {
      try {
        if (drainTimeoutOver) {
          throw new AgentException("Kafka was not there when the drain timeout was over", null);
        }
        Connection connection = Connection.open(config, refusals);
        guard.open(connection.sink);
        kafka = connection;
        LOG.log(
            Level.INFO,
            "Kafka answers, frames are sent topic={0} schemaId={1}",
            config.kafka().topic(),
            connection.schemaId.isPresent()
                ? Integer.toString(connection.schemaId.getAsInt())
                : "");
      } catch (IOException e) {
        if (drainTimeoutOver || !isTemporary(e)) {
          guard.fail(e);
        } else if (!e.getMessage().equals(told)) {
          told = e.getMessage();
          LOG.log(Level.WARNING, "waiting, the ring holds the frames: {0}", told);
        }
        pause();
      } catch (RuntimeException | Error e) {
        guard.fail(e);
      }
    }
    synchronized (this) {
      waiting = null;
      // that of the drain timeout
      Thread.interrupted();
      if (drainTimeoutOver && kafka != null) {
        kafka.sink.abandon();
      }
    }
  }

  private static boolean isTemporary(IOException e) {
    return e instanceof AgentException && ((AgentException) e).isTemporary()
        || e instanceof RegistryException
            && ((RegistryException) e).reason() == RegistryException.Reason.UNREACHABLE;
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      // the drain timeout is over: the loop looks
    }
  }

  private void startFollowing(Connection connection) {
    Thread follower = new Thread(() -> follow(connection), "own-traffic");
    follower.setDaemon(true);
    follower.start();
  }

  /** Until the capture is stopped: what is sent after that is not captured. */
  private void follow(Connection connection) {
    List<OwnTraffic.FilterChange> changes = pumps.stream().map(CaptureAgent::filterOf).toList();
    try {
      while (!stopRequested.get()) {
        Set<HostPort> brokers = brokers(config.kafka(), connection);
        brokers.addAll(connection.sink.brokers());
        ownTraffic.follow(brokers, changes);
        ownTraffic.watch(sum(PacketPump::capturedBytes), connection.sink.bytesSent());
        Thread.sleep(FOLLOW_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) {
      if (!stopRequested.get()) {
        LOG.log(Level.WARNING, "brokers that move are no longer followed: {0}", e.toString());
      }
    }
  }

  private static CaptureId idOf(BlockSource source) {
    return source instanceof WaitingCapture
        ? ((WaitingCapture) source).capture()
        : ((PacketCapture) source).capture();
  }

  /** The captures of a live run, one for each worker; none of a replay. */
  public List<CaptureId> captures() {
    return config.capture() == null
        ? List.of()
        : pumps.stream().map(pump -> idOf(pump.source())).toList();
  }

  private static OwnTraffic.FilterChange filterOf(PacketPump pump) {
    return pump.source() instanceof WaitingCapture
        ? ((WaitingCapture) pump.source())::setFilter
        : ((PacketCapture) pump.source())::setFilter;
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
      pump.run(sinks.stream().map(GuardedSink::feed).toList());
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

  private CaptureStatistics statistics() {
    return pumps.stream()
        .map(pump -> pump.source().statistics())
        .reduce(new CaptureStatistics(0, 0, 0, 0), CaptureStatistics::plus);
  }

  /** As {@link #statistics}, also of a source that was not read to its end. */
  private CaptureStatistics lastStatistics() {
    CaptureStatistics all = new CaptureStatistics(0, 0, 0, 0);
    for (PacketPump each : pumps) {
      try {
        all = all.plus(each.source().readStatistics());
      } catch (IOException | RuntimeException | Error e) {
        fail(e);
        all = all.plus(each.source().statistics());
      }
    }
    return all;
  }

  private long sum(ToLongFunction<PacketPump> count) {
    return pumps.stream().mapToLong(count).sum();
  }

  private Ledger ledger() {
    CaptureStatistics statistics = failure() == null ? statistics() : lastStatistics();
    long lostBefore = sum(PacketPump::lostBeforeLast);
    boolean cutShort = quota.isUsedUp();
    long dropped = cutShort ? lostBefore : statistics.droppedByKernel();
    long captured = sum(PacketPump::captured);
    long offered = cutShort ? captured + dropped : statistics.offered();
    long unread = offered - dropped - captured;
    if (failure() != null && unread > 0) {
      // what stayed behind in ring or file is accounted for as frames of a corrupt block are
      refusals.add("NotRead", unread, describe(failure()));
      captured += unread;
    }
    long written = file == null ? 0 : file.arrived();
    Throwable failed = sinks.get(0).failure();
    long missing = captured - arrived() - refused();
    if (failed != null && missing > 0) {
      refusals.add(reason(failed), missing, describe(failed));
    }
    return new Ledger(
        offered,
        dropped,
        dropped - lostBefore,
        captured,
        arrived(),
        kafka == null ? 0 : kafka.sink.records(),
        refusals.counts(),
        written,
        file == null ? 0 : captured - written,
        sum(PacketPump::capturedBytes),
        statistics.ringFreezes(),
        interfaceDrops == null ? InterfaceDrops.UNKNOWN : interfaceDrops.count());
  }

  private String reason(Throwable failed) {
    if (config.kafka() == null) {
      return "FileNotWritten";
    }
    return kafka == null && drainTimeoutOver ? "DrainTimeout" : failed.getClass().getSimpleName();
  }

  private static String describe(Throwable e) {
    return e instanceof IOException ? e.getMessage() : e.toString();
  }

  private long refused() {
    return refusals.counts().values().stream().mapToLong(Long::longValue).sum();
  }

  private long arrived() {
    if (config.kafka() == null) {
      return file.arrived();
    }
    return kafka == null ? 0 : kafka.sink.arrived();
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
    return kafka == null ? OptionalInt.empty() : kafka.schemaId;
  }

  /** Counts so far. */
  public Progress progress() {
    return new Progress(
        sum(PacketPump::captured),
        sum(PacketPump::capturedBytes),
        statistics().droppedByKernel(),
        arrived(),
        refused());
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
   * what Kafka did not acknowledge is counted as refused.
   */
  public void stop() {
    if (!stopRequested.compareAndSet(false, true)) {
      return;
    }
    if (config.kafka() != null) {
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
    synchronized (this) {
      drainTimeoutOver = true;
      if (waiting != null) {
        waiting.interrupt();
        return;
      }
    }
    if (kafka != null) {
      kafka.sink.abandon();
    }
  }

  @Override
  public void close() throws IOException {
    for (PacketPump each : pumps) {
      each.source().close();
    }
  }
}
