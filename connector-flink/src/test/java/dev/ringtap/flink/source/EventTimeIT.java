package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Direction;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Watermarks of several splits in a job: idleness and alignment. */
@Timeout(60)
class EventTimeIT {
  private static final Duration UPDATE_INTERVAL = Duration.ofMillis(20);
  private static final String QUIET = PrivateNetwork.LEFT;
  private static final String BUSY = PrivateNetwork.RIGHT;

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .setConfiguration(new Configuration())
              .build());

  /** What came of each kind of frame, by stream and first word of its text. */
  private static final Map<String, Seen> SEEN = new ConcurrentHashMap<>();

  /** The watermark of each stream when its last frame came. */
  private static final Map<String, Long> WATERMARKS = new ConcurrentHashMap<>();

  /** The most that fast frames were ahead of slow ones, of which more were to come, in ms. */
  private static final AtomicLong LEAD = new AtomicLong();

  private static final int FILE_FRAMES = 3000;

  @TempDir Path directory;

  /**
   * How far a kind of frame has come.
   *
   * @param lastMillis the latest event time
   * @param lastText the latest text
   */
  private record Seen(int count, long lastMillis, String lastText) {
    static final Seen NOTHING = new Seen(0, Long.MIN_VALUE, "");
  }

  /** Notes what comes, and leaves it out. */
  private static final class Note extends ProcessFunction<String, String> {
    private static final long serialVersionUID = 1;

    private final String stream;
    private final int framesPerMilli;
    private int count;

    /**
     * @param framesPerMilli makes it slow; 0 does not
     */
    Note(String stream, int framesPerMilli) {
      this.stream = stream;
      this.framesPerMilli = framesPerMilli;
    }

    @Override
    public void processElement(String text, Context context, Collector<String> out)
        throws Exception {
      String kind = text.substring(0, text.indexOf(' '));
      Seen before = seen(stream, kind);
      SEEN.put(stream + kind, new Seen(before.count + 1, context.timestamp(), text));
      WATERMARKS.put(stream, context.timerService().currentWatermark());
      Seen slow = seen(stream, "slow");
      if (kind.equals("fast") && slow.count < FILE_FRAMES) {
        LEAD.accumulateAndGet(context.timestamp() - Math.max(0, slow.lastMillis), Math::max);
      }
      if (framesPerMilli > 0 && ++count % framesPerMilli == 0) {
        Thread.sleep(1);
      }
    }
  }

  private static Seen seen(String stream, String kind) {
    return SEEN.getOrDefault(stream + kind, Seen.NOTHING);
  }

  private static long watermark(String stream) {
    return WATERMARKS.getOrDefault(stream, Long.MIN_VALUE);
  }

  @BeforeEach
  void forget() {
    SEEN.clear();
    WATERMARKS.clear();
    LEAD.set(0);
  }

  private static StreamExecutionEnvironment env(int parallelism) {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(parallelism);
    env.getConfig().setAutoWatermarkInterval(10);
    return env;
  }

  private static void add(
      StreamExecutionEnvironment env,
      PacketSource<String> source,
      WatermarkStrategy<String> strategy,
      String stream,
      int framesPerMilli) {
    env.fromSource(source, strategy, stream)
        .process(new Note(stream, framesPerMilli))
        .returns(Types.STRING)
        .sinkTo(new DiscardingSink<>());
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("waited for " + what + "; " + SEEN).isLessThan(end);
      Thread.sleep(10);
    }
  }

  /**
   * Both ends of a wire, each with the frames that come in there. A ring of few blocks would drop
   * some when its reader waits for the processor longer than as many retire timeouts.
   */
  private static PacketSource<String> bothEnds(CaptureLab lab, int ringMib) throws IOException {
    PacketSourceBuilder<String> source = PacketSource.builder();
    for (String each : List.of(QUIET, BUSY)) {
      source.capture(
          lab.network()
              .capture(each)
              .set(CaptureOption.DIRECTION, Direction.IN)
              .set(CaptureOption.RING_MIB, ringMib)
              .set(CaptureOption.BLOCK_KIB, 512)
              .build());
    }
    return source.deserializer(new TextDeserializer()).build();
  }

  /** Sends to, or writes for, one of two splits. */
  private interface Feed {
    void accept(String kind, int number) throws IOException;
  }

  /**
   * Two streams of the same two splits, one of which is quiet: its one frame comes when the test
   * has seen what the quiet does.
   */
  private static void oneStreamGoesOnAndTheOtherDoesNot(
      PacketSource<String> source, Callable<Boolean> ready, Feed feed) throws Exception {
    StreamExecutionEnvironment env = env(1);
    WatermarkStrategy<String> plain = WatermarkStrategy.forMonotonousTimestamps();
    add(env, source, plain, "held", 0);
    add(env, source, plain.withIdleness(Duration.ofMillis(200)), "idle", 0);
    JobClient job = env.executeAsync();
    try {
      await("the readers", ready);
      int number = 0;
      while (number < 50 || watermark("idle") == Long.MIN_VALUE) {
        assertThat(number).as("frames without a watermark").isLessThan(1000);
        feed.accept("busy", number++);
        Thread.sleep(10);
      }
      int sent = number;
      await("all frames", () -> seen("held", "busy").count() == sent);
      // Flink makes watermarks every 10 ms, on a busy machine later than the next frame
      long first = watermark("idle");
      while (watermark("idle") <= first) {
        assertThat(number).as("frames without a later watermark").isLessThan(2000);
        feed.accept("busy", number++);
        Thread.sleep(10);
      }
      int sentByNow = number;
      await("the other stream", () -> seen("held", "busy").count() == sentByNow);
      assertThat(watermark("held")).isEqualTo(Long.MIN_VALUE);

      feed.accept("quiet", 0);
      await("the quiet one", () -> seen("held", "quiet").count() == 1);
      while (watermark("held") == Long.MIN_VALUE) {
        assertThat(number).as("frames without a watermark").isLessThan(3000);
        feed.accept("busy", number++);
        Thread.sleep(10);
      }
      assertThat(seen("idle", "quiet").count()).isEqualTo(1);
    } finally {
      job.cancel().get();
    }
  }

  @Test
  void anInterfaceWithoutPacketsHoldsTheWatermarkBackUnlessItMayBeIdle() throws Exception {
    try (CaptureLab lab = CaptureLab.createOrSkip();
        FrameSender toBusy = lab.network().sender(QUIET);
        FrameSender toQuiet = lab.network().sender(BUSY)) {
      oneStreamGoesOnAndTheOtherDoesNot(
          bothEnds(lab, 32),
          () -> lab.opened() == 4,
          (kind, number) ->
              (kind.equals("busy") ? toBusy : toQuiet)
                  .send(TextDeserializer.frame(kind + " " + number)));
    }
  }

  @Test
  void aFollowedFileThatDoesNotGrowHoldsTheWatermarkBackUnlessItMayBeIdle() throws Exception {
    Map<String, Path> files =
        Map.of("busy", directory.resolve("busy.pcap"), "quiet", directory.resolve("quiet.pcap"));
    for (Path file : files.values()) {
      PcapFile.create(file);
    }
    oneStreamGoesOnAndTheOtherDoesNot(
        PacketSource.<String>builder()
            .files(directory)
            .follow()
            .deserializer(new TextDeserializer())
            .build(),
        () -> true,
        (kind, number) ->
            PcapFile.append(
                files.get(kind),
                List.of(TextDeserializer.frame(kind + " " + number)),
                kind.equals("busy") ? number : 100_000));
  }

  /**
   * Two files of as many frames; event time passes ten times as fast in one of them. One reader
   * pauses its split; of two readers, each with a split of its own, Flink stops the one ahead. It
   * looks every 20 ms and goes by what it saw 60 ms before, so that the fast one gets some way
   * beyond the drift.
   */
  @ParameterizedTest
  @CsvSource({"1, true", "2, true", "1, false", "2, false"})
  void aFileThatIsAheadIsPausedAndResumed(int parallelism, boolean aligned) throws Exception {
    int slowStepMillis = 10;
    int fastStepMillis = 100;
    long driftMillis = 5000;
    byte[] padding = new byte[9000];
    write("slow", FILE_FRAMES, slowStepMillis, padding);
    write("fast", FILE_FRAMES, fastStepMillis, padding);
    PacketSource<String> source =
        PacketSource.<String>builder()
            .files(directory)
            .follow()
            .limit(FILE_FRAMES)
            .deserializer(new TextDeserializer())
            .build();
    WatermarkStrategy<String> strategy = WatermarkStrategy.forMonotonousTimestamps();
    StreamExecutionEnvironment env = env(parallelism);
    add(
        env,
        source,
        aligned
            ? strategy.withWatermarkAlignment(
                "files", Duration.ofMillis(driftMillis), UPDATE_INTERVAL)
            : strategy,
        "files",
        2);
    JobClient job = env.executeAsync();
    try {
      job.getJobExecutionResult().get(20, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      job.cancel().get();
      throw new AssertionError("the job stands still at " + SEEN, e);
    }
    assertThat(seen("files", "slow").count()).isEqualTo(FILE_FRAMES);
    assertThat(seen("files", "fast").count()).isEqualTo(FILE_FRAMES);
    System.out.println(
        parallelism + " readers, aligned " + aligned + ": " + LEAD.get() + " ms ahead at most");
    if (aligned) {
      assertThat(LEAD).hasValueLessThan(120_000);
    } else {
      assertThat(LEAD).hasValueGreaterThan(120_000);
    }
  }

  private void write(String kind, int count, int stepMillis, byte[] padding) throws IOException {
    Path file = directory.resolve(kind + ".pcap");
    PcapFile.create(file);
    try (var out =
        new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.APPEND), 1 << 20)) {
      for (int i = 0; i < count; i++) {
        byte[] frame = Arrays.copyOf(padding, padding.length);
        byte[] text = TextDeserializer.frame(kind + " " + i);
        Arrays.fill(frame, (byte) ' ');
        System.arraycopy(text, 0, frame, 0, text.length);
        out.write(PcapFile.record(i * stepMillis, frame));
      }
    }
  }

  /** Keeps sending to both ends, so that the watermarks of both go on. */
  private static int sendUntil(
      FrameSender quiet, FrameSender busy, int first, Callable<Boolean> condition)
      throws Exception {
    int number = first;
    while (!condition.call()) {
      assertThat(number).as("sent, still waiting; " + SEEN).isLessThan(first + 1500);
      quiet.send(TextDeserializer.frame("quiet " + number));
      busy.send(TextDeserializer.frame("busy " + number));
      number++;
      Thread.sleep(10);
    }
    return number;
  }

  @Test
  void anInterfaceThatIsAheadIsNotReadAndWhatItsRingHasNoRoomForIsCounted() throws Exception {
    int burst = 20_000;
    byte[] large = Arrays.copyOf(TextDeserializer.frame("busy burst"), 1000);
    Arrays.fill(large, 60, 1000, (byte) ' ');
    try (CaptureLab lab = CaptureLab.createOrSkip();
        FrameSender toBusy = lab.network().sender(QUIET);
        FrameSender toQuiet = lab.network().sender(BUSY)) {
      StreamExecutionEnvironment env = env(1);
      add(
          env,
          bothEnds(lab, 2),
          WatermarkStrategy.<String>forMonotonousTimestamps()
              .withWatermarkAlignment("wire", Duration.ofMillis(200), UPDATE_INTERVAL),
          "wire",
          0);
      JobClient job = env.executeAsync();
      lab.awaitOpened(2);
      int number = sendUntil(toQuiet, toBusy, 0, () -> seen("wire", "busy").count() > 20);

      // the quiet end stands still; the other one goes on until it is ahead
      while (seen("wire", "busy").count() > number - 50) {
        assertThat(number).as("sent and never paused").isLessThan(3000);
        toBusy.send(TextDeserializer.frame("busy " + number++));
        Thread.sleep(10);
      }
      Seen paused = seen("wire", "busy");
      assertThat(paused.lastMillis() - seen("wire", "quiet").lastMillis()).isBetween(200L, 1000L);
      for (int i = 0; i < burst; i++) {
        toBusy.send(large);
        if (i % 50 == 0) {
          Thread.sleep(1);
        }
      }
      assertThat(seen("wire", "busy")).as("what came meanwhile").isEqualTo(paused);

      int marker = number;
      sendUntil(
          toQuiet,
          toBusy,
          number,
          () -> {
            String text = seen("wire", "busy").lastText();
            return !text.equals("busy burst") && Integer.parseInt(text.substring(5)) > marker + 10;
          });
      job.cancel().get();
      await("the ledgers", () -> lab.ledgers().size() == 2);
      System.out.println(lab.ledgers());
      assertThat(lab.sum("offered")).isEqualTo(toBusy.sent() + toQuiet.sent());
      assertThat(lab.sum("dropped by the kernel")).isGreaterThan(burst / 2);
      assertThat(lab.sum("emitted"))
          .isEqualTo(seen("wire", "busy").count() + seen("wire", "quiet").count())
          .isGreaterThan(paused.count());
      assertThat(lab.sum("offered"))
          .isEqualTo(
              lab.sum("dropped by the kernel")
                  + lab.sum("emitted")
                  + lab.sum("unreadable")
                  + lab.sum("left at the end"));
    }
  }
}
