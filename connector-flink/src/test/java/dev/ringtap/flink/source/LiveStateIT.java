package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.flink.legacy.PacketSourceFunction;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import dev.ringtap.testkit.BrokenBlock;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.metrics.MetricNames;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a live job keeps over a restart, what its metrics tell, and the old SourceFunction. */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
@Timeout(90)
class LiveStateIT {
  private static final InMemoryReporter REPORTER = InMemoryReporter.createWithRetainedMetrics();
  private static final ConcurrentLinkedQueue<Packet> SEEN = new ConcurrentLinkedQueue<>();

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(4)
              .setConfiguration(REPORTER.addToConfiguration(new Configuration()))
              .build());

  @TempDir Path directory;
  private CaptureLab lab;

  @BeforeEach
  void createLab() throws Exception {
    lab = CaptureLab.createOrSkip();
    SEEN.clear();
  }

  @AfterEach
  void closeLab() {
    if (lab != null) {
      lab.close();
    }
  }

  /** Keeps what comes, for the test to look at. */
  private static final class Keep implements MapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    @Override
    public byte[] map(byte[] bytes) throws Exception {
      SEEN.add(Packet.getDecoder().decode(bytes));
      return bytes;
    }
  }

  private PacketSourceBuilder<byte[]> live() throws IOException {
    return PacketSource.<byte[]>builder()
        .capture(lab.capture().build())
        .deserializer(new AvroBytesDeserializer());
  }

  private static List<byte[]> frames(int count) {
    return Collections.nCopies(count, Packets.frameOfLength(100));
  }

  /** Of so many conversations that each reader has some. */
  private static List<byte[]> flows(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> Packets.ethernet(Packets.udp("10.0.0.1", 1000 + i, "10.0.0.2", 53, new byte[50])))
        .toList();
  }

  private static void awaitSeen(int count) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (SEEN.size() < count && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(SEEN).hasSize(count);
  }

  private JobClient start(String savepoint, int parallelism) throws Exception {
    return start(savepoint, parallelism, live().build());
  }

  private static JobClient start(String savepoint, int parallelism, PacketSource<byte[]> source)
      throws Exception {
    Configuration configuration = new Configuration();
    if (savepoint != null) {
      configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    }
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(parallelism);
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "live")
        .uid("live")
        .map(new Keep())
        .uid("keep")
        .sinkTo(new DiscardingSink<>())
        .uid("sink");
    return env.executeAsync();
  }

  private String stop(JobClient job) throws Exception {
    return job.stopWithSavepoint(false, directory.toUri().toString(), SavepointFormatType.CANONICAL)
        .get(30, TimeUnit.SECONDS);
  }

  @Test
  void afterARestoreEachReaderHasANewCaptureThatCountsFromZero() throws Exception {
    JobClient first = start(null, 1);
    lab.awaitOpened(1);
    lab.send(frames(1000));
    awaitSeen(1000);
    String savepoint = stop(first);

    JobClient second = start(savepoint, 2);
    lab.awaitOpened(3);
    lab.send(flows(500));
    awaitSeen(1500);
    Map<CaptureId, Long> next = new HashMap<>();
    for (Packet packet : SEEN) {
      CaptureId capture = PacketFields.capture(packet);
      assertThat(packet.getSequence())
          .as(capture.toString())
          .isEqualTo(next.getOrDefault(capture, 0L));
      next.put(capture, packet.getSequence() + 1);
    }
    assertThat(next).hasSize(3);
    assertThat(next.keySet()).allMatch(each -> each.host().equals("localhost"));
    assertThat(next.keySet().stream().map(CaptureId::member).toList())
        .containsExactlyInAnyOrder(0, 0, 1);
    second.cancel().get();
    while (lab.ledgers().size() < 3) {
      Thread.sleep(20);
    }
    assertThat(lab.sum("offered")).isEqualTo(1500);
    assertThat(lab.sum("emitted")).isEqualTo(1500);
    for (CaptureId capture : next.keySet()) {
      assertThat(lab.ledgers())
          .as("each capture has a ledger of its name")
          .anyMatch(ledger -> ledger.contains("captureStart=" + capture.start() + ": offered "));
    }
  }

  /** Flink refuses a savepoint whose request meets a task that has just ended. */
  private static void awaitOneTaskFinished(MiniCluster cluster, JobClient job) throws Exception {
    while (cluster.getExecutionGraph(job.getJobID()).get().getState() == JobStatus.RUNNING) {
      for (AccessExecutionVertex task :
          cluster.getExecutionGraph(job.getJobID()).get().getAllExecutionVertices()) {
        if (task.getExecutionState() == ExecutionState.FINISHED) {
          return;
        }
      }
      Thread.sleep(20);
    }
    throw new AssertionError("the job ended");
  }

  @Test
  void aCaptureThatReachedItsLimitDoesNotStartAgainAfterARestore(
      @InjectMiniCluster MiniCluster cluster) throws Exception {
    PacketSource<byte[]> source = live().limit(1000).build();
    JobClient first = start(null, 2, source);
    lab.awaitOpened(2);
    lab.send(frames(1100));
    awaitSeen(1000);
    awaitOneTaskFinished(cluster, first);
    String savepoint =
        first
            .triggerSavepoint(directory.toUri().toString(), SavepointFormatType.CANONICAL)
            .get(30, TimeUnit.SECONDS);
    first.cancel().get();
    int ofFirst = SEEN.peek().getMember();
    SEEN.clear();

    JobClient second = start(savepoint, 2, source);
    lab.awaitOpened(3);
    lab.send(frames(1100));
    second.getJobExecutionResult().get(40, TimeUnit.SECONDS);
    assertThat(SEEN).hasSize(1000).allMatch(packet -> packet.getMember() != ofFirst);
    assertThat(lab.opened()).isEqualTo(3);
  }

  @Test
  void aHostThatNoReaderHasFailsAJobThatWouldEndWithoutAFrame() throws Exception {
    PacketSource<byte[]> source =
        PacketSource.<byte[]>builder()
            .captureOn("nowhere", lab.capture().build())
            .limit(5)
            .hostTimeout(Duration.ofMillis(500))
            .deserializer(new AvroBytesDeserializer())
            .build();
    JobClient job = start(null, 1, source);
    assertThatThrownBy(() -> job.getJobExecutionResult().get(40, TimeUnit.SECONDS))
        .hasStackTraceContaining("no reader ran on host 'nowhere'")
        .hasStackTraceContaining("readers run on [localhost]");
  }

  @Test
  void metricsOfASplitAreThoseOfItsCapture() throws Exception {
    JobClient job = start(null, 1);
    lab.awaitOpened(1);
    lab.send(frames(700));
    awaitSeen(700);
    for (PacketMetric metric : PacketMetric.values()) {
      long expected = metric == PacketMetric.CAPTURED || metric == PacketMetric.EMITTED ? 700 : 0;
      assertThat(gauge(job, "ringtap.split.*" + metric.metricName()))
          .as(metric.metricName())
          .isBetween((double) expected, expected + 0.5);
    }
    assertThat(gauge(job, MetricNames.PENDING_RECORDS)).isZero();
    job.cancel().get();
  }

  /** Holds what comes until it is let go. */
  private static final class Hold implements MapFunction<byte[], byte[]> {
    private static final long serialVersionUID = 1;

    static volatile CountDownLatch letGo;

    @Override
    public byte[] map(byte[] bytes) throws Exception {
      letGo.await();
      return bytes;
    }
  }

  private static void awaitGauge(JobClient job, String name, double expected) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (gauge(job, name) != expected && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(gauge(job, name)).as(name).isEqualTo(expected);
  }

  /** No block is taken meanwhile, which is when the ring looks at the kernel's counters itself. */
  @Test
  void metricsAreOfNowAlsoWhileTheJobHoldsAllBlocks() throws Exception {
    int frames = 6000;
    int later = 500;
    List<byte[]> large = Collections.nCopies(frames, Packets.frameOfLength(1000));
    Hold.letGo = new CountDownLatch(1);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    env.fromSource(
            PacketSource.<byte[]>builder()
                .capture(
                    lab.capture()
                        .set(CaptureOption.RING_MIB, 2)
                        .set(CaptureOption.BLOCK_KIB, 512)
                        .build())
                .deserializer(new AvroBytesDeserializer())
                .build(),
            WatermarkStrategy.noWatermarks(),
            "live")
        .map(new Hold())
        .sinkTo(new DiscardingSink<>());
    JobClient job = env.executeAsync();
    try {
      lab.awaitOpened(1);
      lab.send(large);
      awaitGauge(job, "ringtap.split.*ringFill", 1);
      double dropped = gauge(job, "ringtap.split.*droppedByKernel");
      assertThat(dropped).isPositive();
      assertThat(gauge(job, "ringtap.split.*captured") + gauge(job, MetricNames.PENDING_RECORDS))
          .isEqualTo(frames - dropped);
      lab.send(large.subList(0, later));
      awaitGauge(job, "ringtap.split.*droppedByKernel", dropped + later);
    } finally {
      Hold.letGo.countDown();
      job.cancel().get();
    }
  }

  /** Breaks a file's block after its 100th frame, as it is read. */
  private static final class Breaking implements PacketDeserializer<Long> {
    private static final long serialVersionUID = 1;

    @Override
    public Long deserialize(Frame frame) {
      if (frame.sequence() == 99) {
        BrokenBlock.breakBehind(frame);
      }
      return frame.sequence();
    }

    @Override
    public TypeInformation<Long> getProducedType() {
      return Types.LONG;
    }
  }

  @Test
  void framesThatCannotBeReadAreErrorsInFlinksMetricsToo() throws Exception {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), 500, 100);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    env.fromSource(
            PacketSource.<Long>builder().files(file).deserializer(new Breaking()).build(),
            WatermarkStrategy.noWatermarks(),
            "broken")
        .sinkTo(new DiscardingSink<>());
    JobClient job = env.executeAsync();
    job.getJobExecutionResult().get(30, TimeUnit.SECONDS);
    assertThat(counter(job, MetricNames.NUM_RECORDS_IN_ERRORS)).isEqualTo(400);
    assertThat(gauge(job, "ringtap.split.*emitted")).isEqualTo(100);
    assertThat(gauge(job, "ringtap.split.*unreadable")).isEqualTo(400);
    assertThat(lab.sum("unreadable")).isEqualTo(400);
  }

  private static long counter(JobClient job, String pattern) {
    return REPORTER.findMetrics(job.getJobID(), pattern).values().stream()
        .mapToLong(metric -> ((Counter) metric).getCount())
        .max()
        .orElseThrow(() -> new AssertionError("no metric " + pattern));
  }

  private static double gauge(JobClient job, String pattern) {
    return REPORTER.findMetrics(job.getJobID(), pattern).values().stream()
        .mapToDouble(metric -> ((Number) ((Gauge<?>) metric).getValue()).doubleValue())
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + pattern));
  }

  @Test
  @SuppressWarnings("deprecation")
  void theOldSourceFunctionReadsTheSameWithTwoReaders() throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(2);
    DataStream<byte[]> stream =
        env.addSource(
            new PacketSourceFunction<>(live().duration(Duration.ofSeconds(4)).build()), "old");
    List<byte[]> frames =
        Packets.stream(3)
            .filter(frame -> frame.length >= 20 && frame.length < 9000)
            .limit(2000)
            .toList();
    CompletableFuture<Void> sending = lab.sendWhenOpened(2, frames);
    int count = 0;
    try (CloseableIterator<byte[]> found = stream.executeAndCollect()) {
      while (found.hasNext()) {
        found.next();
        count++;
      }
    }
    sending.join();
    assertThat(count).isEqualTo(2000);
    assertThat(lab.sum("emitted")).isEqualTo(2000);
    assertThat(lab.ledgers()).hasSize(2);
  }

  @Test
  @SuppressWarnings("deprecation")
  void theOldSourceFunctionReadsEachFrameOfAFileOnce() throws Exception {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), 20_000, 100);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(2);
    PacketSource<byte[]> source =
        PacketSource.<byte[]>builder()
            .files(file)
            .splitBytes(500_000)
            .deserializer(new AvroBytesDeserializer())
            .build();
    List<Long> sequences = new ArrayList<>();
    try (CloseableIterator<byte[]> found =
        env.addSource(new PacketSourceFunction<>(source)).executeAndCollect()) {
      while (found.hasNext()) {
        sequences.add(Packet.getDecoder().decode(found.next()).getSequence());
      }
    }
    Collections.sort(sequences);
    assertThat(sequences).hasSize(20_000);
    for (int i = 0; i < sequences.size(); i++) {
      assertThat(sequences.get(i)).isEqualTo(i);
    }
  }
}
