package dev.ringtap.kafka.agent;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureStatistics;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * One run: live captures or a capture file, into a topic, a file or both.
 *
 * <p>{@link #open} returns when frames come in; {@link #run} pumps them until the end; {@link
 * #stop}, {@link #counts}, {@link #flush} and the changes may be called from any thread.
 */
public final class CaptureAgent implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CaptureAgent.class.getName());
  private static final Duration WARMUP_TIME = Duration.ofMillis(1200);
  private static final long FOLLOW_MILLIS = 1000;
  private static final long LOOK_MILLIS = 250;

  /** A host whose interfaces come and go must not fill the memory with their ledgers. */
  private static final int LEDGERS_KEPT = 1000;

  private final AgentConfig config;

  private final FrameQuota quota;

  /** Null where no Kafka is asked for. */
  private final @Nullable KafkaLink kafka;

  /** Null where no file is asked for. */
  private @Nullable FileSink file;

  private final GuardedSink kafkaGuard = new GuardedSink("Kafka", this::sinkFailed);
  private final GuardedSink flowGuard = new GuardedSink("flows", this::sinkFailed);
  private final GuardedSink fileGuard;

  /** Those that there are; the first is the one that the ledger follows. */
  private final List<GuardedSink> sinks = new ArrayList<>();

  /** Read by pumps while they hand over a block, written by what must not happen meanwhile. */
  private final ReadWriteLock blockLock = new ReentrantReadWriteLock();

  private final CaptureRun.Common common;

  /** Null for a replay. */
  private final @Nullable LiveCaptures live;

  private final ExecutorService threads =
      Executors.newCachedThreadPool(task -> new Thread(task, "capture"));
  private final AtomicBoolean stopRequested = new AtomicBoolean();

  /** Guards what follows. */
  private final Object lock = new Object();

  /** Those whose account is open. */
  private final List<CaptureRun> runs = new ArrayList<>();

  private final Deque<CaptureLedger> endedCaptures = new ArrayDeque<>();
  private Ledger ended = Ledger.EMPTY;

  /** Whether new captures start to pump: {@link #run} was called. */
  private boolean running;

  private int runningPumps;
  private long silentSinceNanos = System.nanoTime();
  private long lastAcknowledged;
  private @Nullable Throwable failure;

  private CaptureAgent(AgentConfig config) {
    this.config = config;
    quota = new FrameQuota(config.count());
    AgentConfig.KafkaTarget target = config.kafka();
    kafka = target == null ? null : new KafkaLink(target, clientId(config));
    fileGuard = new GuardedSink("file " + config.writeTo(), this::sinkFailed);
    AgentConfig.FlowTarget flows = target == null ? null : target.flows();
    if (target != null && target.hasPackets()) {
      sinks.add(kafkaGuard);
    }
    if (flows != null) {
      sinks.add(flowGuard);
    }
    if (config.writeTo() != null) {
      sinks.add(fileGuard);
    }
    common =
        new CaptureRun.Common(quota, blockLock.readLock(), kafka, config.writeTo() != null, flows);
    boolean excludes = target != null && !target.includeOwnTraffic();
    live =
        config.input() instanceof AgentConfig.Live input
            ? new LiveCaptures(input, common, excludes ? kafka : null)
            : null;
  }

  /** Tells the agents of many hosts apart in the brokers' metrics, quotas and logs. */
  private static String clientId(AgentConfig config) {
    if (!(config.input() instanceof AgentConfig.Live input)) {
      return "ringtap-replay";
    }
    String host = "ringtap-" + input.setup().options().hostName();
    return input.interfaces().isOne() ? host + "-" + input.interfaces() : host;
  }

  /**
   * Connects, registers the schema where that is asked for, makes sure of the topic, and starts to
   * capture last of all. A run that waits for what is missing captures first: {@link #run} waits
   * for registry and Kafka, and the rings hold the frames.
   *
   * @throws IOException if it cannot; the message says what to do
   */
  public static CaptureAgent open(AgentConfig config) throws IOException {
    CaptureAgent agent = new CaptureAgent(config);
    try {
      if (config.kafka() != null && config.kafka().flows() != null) {
        int workers = config.input() instanceof AgentConfig.Live input ? input.workers() : 1;
        FlowSink.requireHeap(config.kafka().flows().limits(), workers);
      }
      switch (config.input()) {
        case AgentConfig.Live input -> agent.open(input);
        case AgentConfig.Replay replay -> agent.open(replay);
      }
      return agent;
    } catch (IOException | RuntimeException | Error e) {
      agent.abandon();
      throw e;
    }
  }

  private void open(AgentConfig.Replay replay) throws IOException {
    openSinks(true);
    CaptureRun run = CaptureRun.open(replay, common);
    synchronized (lock) {
      runs.add(run);
    }
  }

  private void open(AgentConfig.Live input) throws IOException {
    // what is missing or wrong shows before anything is started
    LiveCaptures captures = live();
    List<CaptureInterface> devices = captures.devices();
    CompletableFuture<Long> warmup =
        CompletableFuture.supplyAsync(() -> AgentWarmup.run(WARMUP_TIME, config.kafka()));
    openSinks(!input.waits());
    warmup.join();
    captures.open(devices, file, this::add);
  }

  private LiveCaptures live() {
    return Objects.requireNonNull(live, "a replay");
  }

  private void openSinks(boolean connect) throws IOException {
    if (kafka != null && connect) {
      kafkaGuard.open(kafka.connect());
      openFlows(kafka);
    }
    if (config.writeTo() != null) {
      file = new FileSink(config.writeTo());
      fileGuard.open(file);
    }
  }

  private void openFlows(KafkaLink connected) {
    AgentConfig.FlowTarget flows = common.flows();
    if (flows != null) {
      flowGuard.open(new FlowSink(connected, connected.key(), flows));
    }
  }

  private void add(CaptureRun run) throws IOException {
    synchronized (lock) {
      if (!stopRequested.get()) {
        runs.add(run);
        if (running) {
          start(run);
        }
        return;
      }
    }
    run.close();
  }

  private static List<String> names(List<CaptureRun> runs) {
    return runs.stream().map(CaptureRun::name).toList();
  }

  private void abandon() throws IOException {
    for (CaptureRun each : runs()) {
      each.close();
    }
    if (kafka != null) {
      kafka.abandon();
    }
    if (file != null) {
      file.finish();
    }
  }

  /**
   * Pumps until the sources end, then sends all that was taken. Whatever fails meanwhile, even by
   * an {@link Error}, ends the run in order: the sources stop, and the sinks bring what they have
   * to its end.
   *
   * @return where every frame went; {@link #failure} tells whether something failed
   */
  public Ledger run() {
    if (live != null && followsInterfaces()) {
      startDaemon("interfaces", () -> followInterfaces(live));
    }
    if (kafka != null && kafka.sink() == null) {
      kafka.await(kafkaGuard);
      if (kafkaGuard.failure() == null) {
        openFlows(kafka);
      } else if (sinks.contains(flowGuard)) {
        flowGuard.fail(kafkaGuard.failure());
      }
    }
    if (live != null && live.hasBrokers()) {
      startDaemon("own-traffic", () -> followBrokers(live));
    }
    pumpAll();
    sinks.forEach(GuardedSink::finish);
    Ledger total;
    synchronized (lock) {
      total = ended;
      for (CaptureRun each : runs) {
        Ledger ledger =
            each.account()
                .ledger(quota.isUsedUp(), failure, sinks.get(0).failure(), flowGuard.failure());
        endedCaptures.add(new CaptureLedger(each.name(), each.captures(), ledger));
        total = total.plus(ledger);
      }
    }
    return total;
  }

  private static void startDaemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Until the run is stopped: what is sent after that is not captured. */
  private void followBrokers(LiveCaptures captures) {
    try {
      while (!stopRequested.get()) {
        captures.followBrokers(runs());
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

  /** Opens wanted interfaces that come, and closes the account of those that are gone. */
  private void followInterfaces(LiveCaptures captures) {
    try {
      while (!stopRequested.get()) {
        List<CaptureRun> open = runs();
        captures.openNew(names(open), this::add);
        for (CaptureRun each : open) {
          retireIfThrough(each);
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | Error e) {
      end(e);
    }
  }

  /** A capture whose interface is gone has its ledger once Kafka has answered for its frames. */
  private void retireIfThrough(CaptureRun run) throws IOException {
    if (!run.isEnded() || run.account().counts().isInFlight()) {
      return;
    }
    synchronized (lock) {
      if (stopRequested.get() || !runs.remove(run)) {
        return;
      }
      Ledger ledger = run.ledgerAlone(sinks.get(0).failure(), flowGuard.failure());
      ended = ended.plus(ledger);
      CaptureLedger own = new CaptureLedger(run.name(), run.captures(), ledger);
      endedCaptures.add(own);
      if (endedCaptures.size() > LEDGERS_KEPT) {
        endedCaptures.remove();
      }
      own.log(LOG, "interface is gone, its capture ended interface");
    }
    run.close();
  }

  private List<CaptureRun> runs() {
    synchronized (lock) {
      return List.copyOf(runs);
    }
  }

  /** The interface of each live capture that is open, by its first member. */
  public Map<CaptureId, CaptureInterface> interfaces() {
    Map<CaptureId, CaptureInterface> interfaces = new LinkedHashMap<>();
    for (CaptureRun each : runs()) {
      each.captures().stream().findFirst().ifPresent(id -> interfaces.put(id, each.device()));
    }
    return interfaces;
  }

  /**
   * After {@link #run}: the ledger of each capture, in the order of their ends. Of captures whose
   * interface is gone, only the last thousand are there.
   */
  public List<CaptureLedger> ledgers() {
    synchronized (lock) {
      return List.copyOf(endedCaptures);
    }
  }

  /** A thread for each pump; returns when all have ended and no more are to come. */
  private void pumpAll() {
    boolean interrupted = false;
    synchronized (lock) {
      running = true;
      runs.forEach(this::start);
      while (runningPumps > 0 || !isOver()) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          interrupted = true;
          end(new InterruptedIOException("interrupted while workers capture"));
        }
      }
    }
    threads.shutdown();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isOver() {
    return !followsInterfaces() || stopRequested.get() || quota.isUsedUp();
  }

  /** Whether captures come and go with their interfaces. */
  private boolean followsInterfaces() {
    return config.input() instanceof AgentConfig.Live input && input.waits();
  }

  private void start(CaptureRun run) {
    try {
      for (PacketPump each : run.pumps()) {
        threads.execute(() -> pump(run, each));
        runningPumps++;
      }
    } catch (RuntimeException | Error e) {
      // the system has no thread for another worker
      end(e);
    }
  }

  /** When one worker's capture fails, or has taken the last frame asked for, so do the others. */
  private void pump(CaptureRun run, PacketPump pump) {
    try {
      pump.run(
          sinks.stream()
              .map(sink -> sink.writer(sink == flowGuard ? run.flowDelivery() : run.delivery()))
              .toList());
      if (quota.isUsedUp()) {
        runs().forEach(each -> each.pumps().forEach(other -> other.source().wake()));
      }
    } catch (IOException | RuntimeException | Error e) {
      pumpFailed(run, e);
    } finally {
      pumpEnded(run);
    }
  }

  private void pumpFailed(CaptureRun run, Throwable e) {
    if (!followsInterfaces() || !run.endsWith(e)) {
      end(e);
    }
  }

  private void pumpEnded(CaptureRun run) {
    try {
      if (run.pumpEnded() && file != null) {
        run.describeIn(file);
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
    synchronized (lock) {
      runningPumps--;
      lock.notifyAll();
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

  private void fail(Throwable e) {
    synchronized (lock) {
      failure = failure == null ? e : failure;
    }
  }

  /**
   * What failed first, or null. A run may go on when one of its sinks has failed; what is no {@link
   * IOException} is a bug.
   */
  public @Nullable Throwable failure() {
    synchronized (lock) {
      return failure;
    }
  }

  /** The schema's number in the registry, where one is used and has answered. */
  public OptionalInt schemaId() {
    return kafka == null ? OptionalInt.empty() : kafka.schemaId();
  }

  /** The number of the flows' schema, likewise. */
  public OptionalInt flowSchemaId() {
    return kafka == null ? OptionalInt.empty() : kafka.flowSchemaId();
  }

  /** The version of this build. */
  public static String version() {
    return Objects.requireNonNullElse(
        CaptureAgent.class.getPackage().getImplementationVersion(), "(not packaged)");
  }

  /** Counts so far. Any thread may ask. */
  public AgentCounts counts() {
    KafkaSink sink = kafka == null ? null : kafka.sink();
    AgentCounts.KafkaCounts kafkaCounts = sink == null ? null : sink.counts();
    synchronized (lock) {
      List<CaptureCounts> captures = runs.stream().map(each -> each.account().counts()).toList();
      long acknowledged =
          ended.acknowledged()
              + captures.stream().mapToLong(CaptureCounts::framesAcknowledged).sum();
      // where flows are sent alone, frames of open ones are not under way yet
      long inFlight =
          captures.stream()
              .mapToLong(
                  each ->
                      each.framesInFlight() - (common.flowsAlone() ? each.framesInOpenFlows() : 0))
              .sum();
      long now = System.nanoTime();
      if (inFlight <= 0 || acknowledged != lastAcknowledged) {
        silentSinceNanos = now;
      }
      lastAcknowledged = acknowledged;
      return new AgentCounts(
          captures,
          ended,
          awaited(),
          (now - silentSinceNanos) / 1e9,
          kafkaCounts,
          kafka == null ? null : kafka.obstacle());
    }
  }

  /** Wanted by name or pattern, and not captured. Under the lock. */
  private List<String> awaited() {
    return config.input() instanceof AgentConfig.Live input
        ? input.interfaces().without(names(runs))
        : List.of();
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
      for (CaptureRun run : runs()) {
        for (PacketPump each : run.pumps()) {
          CaptureStatistics now = each.source().readStatistics();
          each.await(now.offered() - now.droppedByKernel());
          cameIn = cameIn.plus(now);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while frames are on their way");
    }
    sinks.forEach(GuardedSink::flush);
    return cameIn;
  }

  /**
   * Captures by another filter and snap length from now on. No frame is lost that both filters
   * keep, and none comes that the new one refuses.
   *
   * @param changed as the setup of the run, which must have left the filter changeable
   * @throws IOException if a filter cannot be compiled, and nothing is changed then; or if the
   *     kernel refuses one
   */
  public void change(CaptureSetup changed) throws IOException {
    live().change(changed, this::runs);
  }

  /**
   * Sends by a new producer from now on; the old one first brings to its end what it has, for which
   * this waits. No frame is lost.
   *
   * @param settings Kafka's producer settings, {@code bootstrap.servers} among them
   * @throws IOException if a setting is wrong or Kafka does not answer; the old producer stays
   */
  public void change(Properties settings) throws IOException {
    Objects.requireNonNull(kafka, "no Kafka").change(settings, kafkaGuard, blockLock.writeLock());
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
      startDaemon("drain-timeout", () -> enforceDrainTimeout(kafka));
    }
    runs().forEach(each -> each.stop(this::fail));
    synchronized (lock) {
      lock.notifyAll();
    }
  }

  private void enforceDrainTimeout(KafkaLink awaited) {
    try {
      Thread.sleep(config.drainTimeout());
    } catch (InterruptedException e) {
      return;
    }
    awaited.giveUp();
  }

  @Override
  public void close() throws IOException {
    for (CaptureRun each : runs()) {
      each.close();
    }
  }
}
