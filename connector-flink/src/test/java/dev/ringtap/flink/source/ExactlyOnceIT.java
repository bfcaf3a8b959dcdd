package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Frame;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job over a capture file is killed at random checkpoints; in the state that survives, every
 * frame was seen once. {@code -Dringtap.frames=1000000} is the size of the promise.
 */
@Timeout(240)
class ExactlyOnceIT {
  private static final int FRAMES = Integer.getInteger("ringtap.frames", 100_000);
  private static final int KILLS = 10;
  private static final int PARALLELISM = 2;
  private static final int FRAME_BYTES = 60;

  private static final AtomicInteger KILLED = new AtomicInteger();
  private static final Random RANDOM = new Random(20_261_122);
  private static final Map<Integer, BitSet> SEEN = new ConcurrentHashMap<>();
  private static volatile boolean killNow;

  @TempDir Path directory;

  /** The frame's number in its bytes, and the one that the source gives it. */
  private static final class Numbers implements PacketDeserializer<Tuple2<Integer, Long>> {
    private static final long serialVersionUID = 1;

    @Override
    public Tuple2<Integer, Long> deserialize(Frame frame) {
      return Tuple2.of(
          frame.unsignedShortAt(14) << 16 | frame.unsignedShortAt(16), frame.sequence());
    }

    @Override
    public TypeInformation<Tuple2<Integer, Long>> getProducedType() {
      return Types.TUPLE(Types.INT, Types.LONG);
    }
  }

  /** Keeps in its state which frames came, and dies now and then after a checkpoint. */
  private static final class Register extends RichFlatMapFunction<Tuple2<Integer, Long>, Integer>
      implements CheckpointedFunction, CheckpointListener {
    private static final long serialVersionUID = 1;

    private transient BitSet seen;
    private transient ListState<byte[]> state;
    private transient int count;

    @Override
    public void open(OpenContext context) {
      count = 0;
    }

    @Override
    public void flatMap(Tuple2<Integer, Long> frame, Collector<Integer> out) throws Exception {
      if (frame.f0.longValue() != frame.f1) {
        throw new AssertionError("frame " + frame.f0 + " has the sequence " + frame.f1);
      }
      if (seen.get(frame.f0)) {
        throw new AssertionError("frame " + frame.f0 + " came twice");
      }
      seen.set(frame.f0);
      if (KILLED.get() < KILLS && ++count % (FRAMES / 5000) == 0) {
        Thread.sleep(1); // the file shall last for all kills
        if (killNow) {
          killNow = false;
          KILLED.incrementAndGet();
          throw new IllegalStateException("killed by the test");
        }
      }
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      killNow |= RANDOM.nextInt(4) == 0;
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      state.clear();
      state.add(seen.toByteArray());
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      state =
          context
              .getOperatorStateStore()
              .getListState(
                  new ListStateDescriptor<>(
                      "seen", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
      seen = new BitSet();
      for (byte[] bits : state.get()) {
        seen.or(BitSet.valueOf(bits));
      }
    }

    @Override
    public void close() {
      SEEN.put(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask(), seen);
    }
  }

  @Test
  void everyFrameIsSeenOnceThoughTheJobIsKilledTenTimes() throws Exception {
    Path file = PcapFile.writeNumbered(directory.resolve("trace.pcap"), FRAMES, FRAME_BYTES);
    Configuration configuration = Restarts.of(KILLS, directory.resolve("state"));
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, configuration);
    env.enableCheckpointing(20);
    PacketSource<Tuple2<Integer, Long>> source =
        PacketSource.<Tuple2<Integer, Long>>builder()
            .files(file)
            .splitBytes((long) FRAMES * FRAME_BYTES / 7)
            .deserializer(new Numbers())
            .build();
    env.fromSource(source, WatermarkStrategy.forMonotonousTimestamps(), "file")
        .flatMap(new Register())
        .returns(Types.INT)
        .sinkTo(new DiscardingSink<>());
    env.execute();

    assertThat(KILLED).hasValue(KILLS);
    BitSet all = new BitSet();
    int sum = 0;
    for (BitSet seen : SEEN.values()) {
      all.or(seen);
      sum += seen.cardinality();
    }
    assertThat(sum).as("frames seen").isEqualTo(FRAMES);
    assertThat(all.cardinality()).as("different frames").isEqualTo(FRAMES);
    System.out.println(FRAMES + " frames, " + KILLS + " kills: each frame once");
  }
}
