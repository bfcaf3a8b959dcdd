package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.kafka.TopicRecords;
import dev.ringtap.kafka.monitor.AgentMBean;
import dev.ringtap.kafka.monitor.Monitor;
import dev.ringtap.kafka.monitor.Subject;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A capture under a steady load, from the wire of a private network into a topic, for faults to
 * happen to it. The ring is the smallest, and the producer's buffer is small too.
 */
final class CaptureUnderLoad implements AutoCloseable {
  static final String TOPIC = "packets";

  /** With frames of this length, ring and buffer last for less than two seconds. */
  private static final int FRAME_BYTES = 400;

  private static final int FRAMES_PER_SECOND = 5000;
  private static final int MORE_THAN_THERE_IS_ROOM_FOR = 15_000;
  private static final long PAUSE_NANOS = 1_000_000;
  private static final Duration WAIT = Duration.ofSeconds(30);

  private final PrivateNetwork network;
  private final AgentConfig config;
  private final CaptureAgent agent;

  /** Of its own: the common pool of a machine with two cores has one thread. */
  private final ExecutorService threads = Executors.newFixedThreadPool(2);

  private final CompletableFuture<Ledger> running;
  private final CompletableFuture<Long> sending;
  private volatile boolean quiet;
  private volatile long sent;

  private CaptureUnderLoad(PrivateNetwork network, AgentConfig config, CaptureAgent agent)
      throws IOException {
    this.network = network;
    this.config = config;
    this.agent = agent;
    this.running = CompletableFuture.supplyAsync(agent::run, threads);
    FrameSender sender = network.sender(PrivateNetwork.LEFT);
    this.sending = CompletableFuture.supplyAsync(() -> send(sender), threads);
  }

  /** Starts both, and returns when frames are acknowledged. */
  static CaptureUnderLoad start(Properties settings, Duration drainTimeout) throws IOException {
    settings.putIfAbsent("buffer.memory", Integer.toString(1 << 20));
    settings.putIfAbsent("batch.size", Integer.toString(1 << 16));
    settings.putIfAbsent("compression.type", "none");
    PrivateNetwork network = PrivateNetwork.create();
    CaptureUnderLoad capture = null;
    boolean started = false;
    try {
      AgentConfig config =
          new AgentConfig(
              AgentConfig.Live.on(
                  network.capture(PrivateNetwork.RIGHT).set(CaptureOption.RING_MIB, 2).build()),
              new AgentConfig.KafkaTarget(TOPIC, 4, RecordKey.FLOW, settings, false),
              0,
              null,
              drainTimeout);
      capture = new CaptureUnderLoad(network, config, CaptureAgent.open(config));
      capture.awaitArrivals(1000);
      started = true;
      return capture;
    } finally {
      if (!started && capture != null) {
        capture.close();
      } else if (!started) {
        network.close();
      }
    }
  }

  private long send(FrameSender sender) {
    byte[] payload = new byte[FRAME_BYTES];
    long start = System.nanoTime();
    try (sender) {
      while (!quiet) {
        long due = (System.nanoTime() - start) * FRAMES_PER_SECOND / TimeUnit.SECONDS.toNanos(1);
        for (long number = sender.sent(); number < due; number++) {
          int flow = (int) (number % 64);
          sender.send(
              Packets.ethernet(
                  Packets.udp("10.0.0." + (1 + flow), 1000 + flow, "10.0.1.1", 53, payload)));
          sent = number + 1;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      return sender.sent();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  PrivateNetwork network() {
    return network;
  }

  void watchBy(Monitor monitor) {
    monitor.watch(
        new Subject(
            agent.counts().captures().get(0).host(),
            () -> "",
            TOPIC,
            false,
            agent::counts,
            agent::schemaId,
            agent::failure));
  }

  /** Captures and sends by other settings, as a reload does it. */
  void change(int snapLengthBytes, String lingerMillis) throws IOException {
    AgentConfig.Live live = (AgentConfig.Live) config.input();
    CaptureConfig options =
        live.setup().options().toBuilder()
            .set(CaptureOption.SNAP_LENGTH_BYTES, snapLengthBytes)
            .build();
    agent.change(new CaptureSetup(options, device -> options.kernelProgram()));
    Properties settings = new Properties();
    settings.putAll(config.kafka().producerSettings());
    settings.setProperty("linger.ms", lingerMillis);
    agent.change(settings);
  }

  void showBy(AgentMBean bean) {
    bean.show(agent::counts);
  }

  /** Frames that are acknowledged so far. */
  long arrived() {
    return agent.counts().acknowledged();
  }

  /** Waits until the counts say so. */
  void await(String what, Predicate<AgentCounts> reached) throws IOException {
    long deadline = System.nanoTime() + WAIT.toNanos();
    while (!reached.test(agent.counts())) {
      if (System.nanoTime() > deadline || running.isDone()) {
        throw new AssertionError("not reached: " + what + ", but " + agent.counts());
      }
      LockSupport.parkNanos(10 * PAUSE_NANOS);
    }
  }

  /** Waits until this many more frames are acknowledged. */
  void awaitArrivals(int frames) throws IOException {
    long wanted = arrived() + frames;
    await(wanted + " frames are acknowledged", counts -> counts.acknowledged() >= wanted);
  }

  /** Waits until so many frames are sent that neither ring nor buffer have room for them all. */
  void awaitOverflow() throws IOException {
    long wanted = sent + MORE_THAN_THERE_IS_ROOM_FOR;
    await(wanted + " frames are sent", counts -> sent >= wanted);
  }

  /** Ends the load. */
  long silence() {
    quiet = true;
    return sending.join();
  }

  /** Ends the load, then the capture; the ledger, which adds up and knows of every frame sent. */
  Ledger finish() throws IOException {
    long sent = silence();
    Ledger ledger = stop();
    assertThat(ledger.offered()).as(ledger.summary()).isEqualTo(sent);
    return ledger;
  }

  /** Ends the capture; the ledger, which adds up. */
  Ledger stop() throws IOException {
    agent.stop();
    Ledger ledger = running.orTimeout(60, TimeUnit.SECONDS).join();
    System.out.print(ledger.summary());
    assertThat(agent.failure()).isNull();
    assertThat(ledger.balances()).as(ledger.summary()).isTrue();
    return ledger;
  }

  /**
   * Frames of a run that are in the topic, by their numbers in the capture.
   *
   * @param twice how many are there more than once
   * @param lostBefore drops that the records tell of
   */
  record Arrived(BitSet sequences, long twice, long lostBefore) {
    static Arrived of(Properties settings) throws IOException {
      BitSet sequences = new BitSet();
      long twice = 0;
      long lostBefore = 0;
      for (ConsumerRecord<byte[], byte[]> each : TopicRecords.all(settings, TOPIC)) {
        Packet packet = Packet.getDecoder().decode(each.value());
        int sequence = Math.toIntExact(packet.getSequence());
        twice += sequences.get(sequence) ? 1 : 0;
        lostBefore += sequences.get(sequence) ? 0 : packet.getLostBefore();
        sequences.set(sequence);
      }
      return new Arrived(sequences, twice, lostBefore);
    }

    long count() {
      return sequences.cardinality();
    }

    /** Every frame is there once or was not delivered, and no frame is both. */
    void assertExactlyOnceOrRefused(Ledger ledger) {
      assertThat(twice).as("frames that came twice").isZero();
      assertThat(count()).as(ledger.summary()).isEqualTo(ledger.acknowledged());
    }

    /** As above, and all were delivered: every gap is where it was. */
    void assertExactlyOnce(Ledger ledger) {
      assertThat(ledger.notDeliveredByReason()).isEmpty();
      assertExactlyOnceOrRefused(ledger);
      assertThat(sequences.nextClearBit(0)).isEqualTo((int) ledger.captured());
      assertThat(lostBefore + ledger.lostAfterLast()).isEqualTo(ledger.droppedByKernel());
    }
  }

  @Override
  public void close() throws IOException {
    quiet = true;
    agent.close();
    network.close();
    threads.shutdown();
  }
}
