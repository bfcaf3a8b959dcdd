package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.WaitingCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.TcpEndpointFilter;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.PacketSchema;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.apache.avro.Schema;

/**
 * One run: a live capture or a capture file, into a topic, a file or both.
 *
 * <p>{@link #open} returns when frames come in; {@link #run} pumps them until the end; {@link
 * #stop}, {@link #progress} and {@link #flush} may be called from any thread.
 */
public final class CaptureAgent implements AutoCloseable {
  private static final Duration WARMUP_TIME = Duration.ofMillis(1200);

  private final AgentConfig config;
  private final KafkaSink kafka;
  private final FileSink file;

  /** Those of the two that there are. */
  private final List<FrameSink> sinks;

  private final Refusals refusals;
  private final FrameQuota quota;
  private final InterfaceDrops interfaceDrops;

  private final OptionalInt schemaId;

  /** One for each worker; a thread runs it. */
  private final List<PacketPump> pumps;

  private final AtomicBoolean stopRequested = new AtomicBoolean();

  private IOException failure;

  private CaptureAgent(
      AgentConfig config,
      List<? extends BlockSource> sources,
      KafkaSink kafka,
      OptionalInt schemaId,
      FileSink file,
      Refusals refusals,
      InterfaceDrops interfaceDrops) {
    this.config = config;
    this.schemaId = schemaId;
    this.kafka = kafka;
    this.file = file;
    this.refusals = refusals;
    this.interfaceDrops = interfaceDrops;
    this.quota = new FrameQuota(config.count());
    this.sinks = Stream.of(kafka, file).filter(Objects::nonNull).toList();
    this.pumps =
        sources.stream()
            .map(
                source ->
                    new PacketPump(
                        source, sinks.stream().map(FrameSink::feed).toList(), refusals, quota))
            .toList();
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
   * capture last of all.
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
    List<InetSocketAddress> brokers = List.of();
    FileSink file = null;
    KafkaSink kafka = null;
    OptionalInt schemaId = OptionalInt.empty();
    try {
      if (target != null) {
        Properties settings = target.producerSettings();
        schemaId = register(target);
        brokers = KafkaTopic.ensure(settings, target.topic(), target.partitions());
        kafka = KafkaSink.open(target, schemaId, refusals);
      }
      if (config.writeTo() != null) {
        file = new FileSink(config.writeTo());
        if (capture != null) {
          file.declare(capture, device);
        }
      }
      if (warmup != null) {
        warmup.join();
      }
      if (capture == null) {
        BlockSource source = CaptureFile.open(config.replay(), config.replayFilter());
        return new CaptureAgent(config, List.of(source), kafka, schemaId, file, refusals, null);
      }
      CaptureConfig own = withoutOwnTraffic(capture, device, target, brokers);
      InterfaceDrops drops = InterfaceDrops.of(device);
      List<? extends BlockSource> sources = in(network, () -> openLive(config, own));
      return new CaptureAgent(config, sources, kafka, schemaId, file, refusals, drops);
    } catch (IOException | RuntimeException e) {
      if (kafka != null) {
        kafka.abandon();
      }
      if (file != null) {
        file.finish();
      }
      throw e;
    }
  }

  private static OptionalInt register(AgentConfig.KafkaTarget target) throws IOException {
    if (target.schema() == null) {
      return OptionalInt.empty();
    }
    Schema schema =
        target.framesPerRecord() == 1 ? PacketSchema.published() : PacketSchema.publishedBatch();
    return OptionalInt.of(target.schema().register(schema));
  }

  private static CaptureInterface device(AgentConfig config) throws IOException {
    String name = config.capture().get(CaptureOption.INTERFACE);
    return config.waitForInterface()
        ? WaitingCapture.awaitInterface(name)
        : PacketCapture.require(name);
  }

  private static List<? extends BlockSource> openLive(AgentConfig config, CaptureConfig capture)
      throws IOException {
    return config.waitForInterface()
        ? WaitingCapture.openGroup(capture, config.workers())
        : PacketCapture.openGroup(capture, config.workers());
  }

  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T in(PrivateNetwork network, Opening<T> opening) throws IOException {
    return network == null ? opening.open() : network.call(opening::open);
  }

  private static CaptureConfig withoutOwnTraffic(
      CaptureConfig capture,
      CaptureInterface device,
      AgentConfig.KafkaTarget target,
      List<InetSocketAddress> brokers)
      throws AgentException {
    if (target == null || target.includeOwnTraffic()) {
      return capture;
    }
    try {
      return capture.withFilter(
          TcpEndpointFilter.refuse(brokers, device.ethernetHeaderBytes(), capture.kernelProgram()));
    } catch (IllegalArgumentException e) {
      throw new AgentException(
          "the filter that leaves out the traffic of "
              + brokers.size()
              + " broker addresses is too long for the kernel ("
              + e.getMessage()
              + "); shorten yours, or capture that traffic too with --own-traffic",
          e);
    }
  }

  /**
   * Pumps until the sources end, then sends all that was taken.
   *
   * @return where every frame went; {@link #failure} tells whether the run ended before its time
   */
  public Ledger run() {
    pumpAll();
    if (kafka != null) {
      kafka.finish();
    }
    if (file != null) {
      try {
        if (config.capture() != null) {
          file.describe(statistics());
        }
        file.finish();
      } catch (IOException e) {
        fail(e);
      }
    }
    return ledger();
  }

  /** The first pump runs in this thread, each of the others in one of its own. */
  private void pumpAll() {
    ExecutorService threads = Executors.newCachedThreadPool(task -> new Thread(task, "capture"));
    try {
      List<Future<?>> others =
          pumps.stream().skip(1).<Future<?>>map(each -> threads.submit(() -> pump(each))).toList();
      pump(pumps.get(0));
      for (Future<?> each : others) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a worker failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new InterruptedIOException("interrupted while workers capture"));
    } finally {
      threads.shutdown();
    }
  }

  /** When one worker's capture fails, or has taken the last frame asked for, so do the others. */
  private void pump(PacketPump pump) {
    try {
      pump.run();
      if (quota.isUsedUp()) {
        pumps.forEach(each -> each.source().wake());
      }
    } catch (IOException e) {
      fail(e);
      stopSources();
    } catch (RuntimeException | Error e) {
      stopSources();
      throw e;
    }
  }

  private synchronized void fail(IOException e) {
    failure = failure == null ? e : failure;
  }

  private void stopSources() {
    for (PacketPump each : pumps) {
      try {
        each.source().stop();
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  private CaptureStatistics statistics() {
    return pumps.stream()
        .map(pump -> pump.source().statistics())
        .reduce(new CaptureStatistics(0, 0, 0, 0), CaptureStatistics::plus);
  }

  private long sum(ToLongFunction<PacketPump> count) {
    return pumps.stream().mapToLong(count).sum();
  }

  private Ledger ledger() {
    CaptureStatistics statistics = statistics();
    long captured = sum(PacketPump::captured);
    long lostBefore = sum(PacketPump::lostBeforeLast);
    boolean cutShort = quota.isUsedUp();
    long dropped = cutShort ? lostBefore : statistics.droppedByKernel();
    long arrived = arrived();
    long written = file == null ? 0 : file.arrived();
    if (kafka == null && captured > arrived) {
      String detail = failure == null ? "unknown" : failure.getMessage();
      refusals.add("FileNotWritten", captured - arrived, detail);
    }
    return new Ledger(
        cutShort ? captured + dropped : statistics.offered(),
        dropped,
        dropped - lostBefore,
        captured,
        arrived,
        kafka == null ? 0 : kafka.records(),
        refusals.counts(),
        written,
        sum(PacketPump::capturedBytes),
        statistics.ringFreezes(),
        interfaceDrops == null ? InterfaceDrops.UNKNOWN : interfaceDrops.count());
  }

  private long arrived() {
    return kafka != null ? kafka.arrived() : file.arrived();
  }

  /** Why the run ended before its time, or null. */
  public synchronized IOException failure() {
    return failure;
  }

  /** The schema's number in the registry, where one is used. */
  public OptionalInt schemaId() {
    return schemaId;
  }

  /** Counts so far. */
  public Progress progress() {
    return new Progress(
        sum(PacketPump::captured),
        sum(PacketPump::capturedBytes),
        statistics().droppedByKernel(),
        arrived(),
        refusals.counts().values().stream().mapToLong(Long::longValue).sum());
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
    for (FrameSink each : sinks) {
      each.flush();
    }
    return cameIn;
  }

  /**
   * Lets no further frame in; {@link #run} sends what is there and returns. After the drain timeout
   * what Kafka did not acknowledge is counted as refused.
   */
  public void stop() throws IOException {
    if (!stopRequested.compareAndSet(false, true)) {
      return;
    }
    for (PacketPump each : pumps) {
      each.source().stop();
    }
    if (kafka == null) {
      return;
    }
    Thread limit = new Thread(this::enforceDrainTimeout, "drain-timeout");
    limit.setDaemon(true);
    limit.start();
  }

  private void enforceDrainTimeout() {
    try {
      Thread.sleep(config.drainTimeout());
    } catch (InterruptedException e) {
      return;
    }
    kafka.abandon();
  }

  @Override
  public void close() throws IOException {
    for (PacketPump each : pumps) {
      each.source().close();
    }
  }
}
