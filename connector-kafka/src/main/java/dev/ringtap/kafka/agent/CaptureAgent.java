package dev.ringtap.kafka.agent;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.filter.TcpEndpointFilter;
import dev.ringtap.lab.PrivateNetwork;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;

/**
 * One run: a live capture or a capture file, into a topic, a file or both.
 *
 * <p>{@link #open} returns when frames come in; {@link #run} pumps them until the end; {@link
 * #stop} may be called from any thread, and {@link #progress} too.
 */
public final class CaptureAgent implements AutoCloseable {
  private static final Duration WARMUP_TIME = Duration.ofMillis(1200);

  private final AgentConfig config;
  private final BlockSource source;
  private final KafkaSink kafka;
  private final FileSink file;
  private final Refusals refusals;
  private final PacketPump pump;
  private final AtomicBoolean stopRequested = new AtomicBoolean();

  private IOException failure;

  private CaptureAgent(
      AgentConfig config, BlockSource source, KafkaSink kafka, FileSink file, Refusals refusals) {
    this.config = config;
    this.source = source;
    this.kafka = kafka;
    this.file = file;
    this.refusals = refusals;
    List<FrameSink> sinks = new ArrayList<>();
    if (kafka != null) {
      sinks.add(kafka);
    }
    if (file != null) {
      sinks.add(file);
    }
    this.pump = new PacketPump(source, sinks, refusals, config.count());
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
   * Connects, makes sure of the topic, and starts to capture last of all.
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
      device = in(network, () -> PacketCapture.require(capture.get(CaptureOption.INTERFACE)));
      RecordKey key = target == null ? RecordKey.NONE : target.key();
      warmup = CompletableFuture.supplyAsync(() -> Warmup.run(WARMUP_TIME, key));
    }
    List<InetSocketAddress> brokers = List.of();
    FileSink file = null;
    KafkaSink kafka = null;
    try {
      if (target != null) {
        Properties settings = target.producerSettings();
        brokers = KafkaTopic.ensure(settings, target.topic(), target.partitions());
        kafka = new KafkaSink(producer(settings), target.topic(), target.key(), refusals);
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
      BlockSource source =
          capture == null
              ? CaptureFile.open(config.replay(), config.replayFilter())
              : openLive(withoutOwnTraffic(capture, device, target, brokers), network);
      return new CaptureAgent(config, source, kafka, file, refusals);
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

  private static BlockSource openLive(CaptureConfig capture, PrivateNetwork network)
      throws IOException {
    return in(network, () -> PacketCapture.open(capture));
  }

  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T in(PrivateNetwork network, Opening<T> opening) throws IOException {
    return network == null ? opening.open() : network.call(opening::open);
  }

  private static Producer<byte[], byte[]> producer(Properties settings) throws AgentException {
    try {
      return KafkaSink.producer(settings);
    } catch (KafkaException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new AgentException("cannot start the Kafka producer: " + cause.getMessage(), e);
    }
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
   * Pumps until the source ends, then sends all that was taken.
   *
   * @return where every frame went; {@link #failure} tells whether the run ended before its time
   */
  public Ledger run() {
    try {
      pump.run();
    } catch (IOException e) {
      failure = e;
    }
    if (kafka != null) {
      kafka.finish();
    }
    if (file != null) {
      try {
        if (config.capture() != null) {
          file.describe(source.statistics());
        }
        file.finish();
      } catch (IOException e) {
        failure = failure == null ? e : failure;
      }
    }
    return ledger();
  }

  private Ledger ledger() {
    CaptureStatistics statistics = source.statistics();
    long captured = pump.captured();
    boolean cutShort = pump.countReached();
    long dropped = cutShort ? pump.lostBeforeLast() : statistics.droppedByKernel();
    long arrived = arrived();
    long written = file == null ? 0 : file.arrived();
    if (kafka == null && captured > arrived) {
      String detail = failure == null ? "unknown" : failure.getMessage();
      refusals.add("FileNotWritten", captured - arrived, detail);
    }
    return new Ledger(
        cutShort ? captured + dropped : statistics.offered(),
        dropped,
        captured,
        arrived,
        refusals.counts(),
        written,
        pump.capturedBytes(),
        statistics.ringFreezes());
  }

  private long arrived() {
    return kafka != null ? kafka.arrived() : file.arrived();
  }

  /** Why the run ended before its time, or null. */
  public IOException failure() {
    return failure;
  }

  /** Counts so far. */
  public Progress progress() {
    return new Progress(
        pump.captured(),
        pump.capturedBytes(),
        source.statistics().droppedByKernel(),
        arrived(),
        refusals.counts().values().stream().mapToLong(Long::longValue).sum());
  }

  /**
   * Lets no further frame in; {@link #run} sends what is there and returns. After the drain timeout
   * what Kafka did not acknowledge is counted as refused.
   */
  public void stop() throws IOException {
    if (!stopRequested.compareAndSet(false, true)) {
      return;
    }
    source.stop();
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
    source.close();
  }
}
