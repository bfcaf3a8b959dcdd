package dev.ringtap.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowEncoder;
import dev.ringtap.testkit.FlowFrames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Flows that are kept as bytes are those of a {@link FlowTable}. */
@Timeout(60)
class StoredFlowsTest {
  private static final int FRAMES = 30_000;
  private static final int SHORTEST_FRAGMENT = 400;
  private static final CaptureId[] CAPTURES = {
    FlowTraffic.CAPTURE, new CaptureId("host", "eth1", 1_789_000_000_000_000L, 3)
  };

  private final FlowEncoder encoder = FlowEncoder.singleObject();
  private final FlowFrame read = new FlowFrame();
  private final Known known = new Known();
  private final List<String> stored = new ArrayList<>();
  private final StoredFlows flows =
      new StoredFlows(FlowLimits.DEFAULT, of -> known, flow -> stored.add(text(flow)));
  private final StoredFlows.Stores stores = new StoredFlows.Stores(new MapStore(), new MapStore());

  /** Frames, each with the frames lost before it, and what they have told so far. */
  private static final class Known implements StoredFlows.Capture {
    private final List<Long> times = new ArrayList<>();
    private final List<Long> totals = new ArrayList<>();

    /** Returns the frame's sequence. */
    long add(long nanos, long lostBefore) {
      totals.add(lostBefore + (totals.isEmpty() ? 0 : totals.getLast()));
      times.add(nanos);
      return times.size() - 1L;
    }

    @Override
    public long lostBefore(long sequence) {
      return totals.get((int) sequence);
    }

    @Override
    public long lostUntil(long nanos) {
      // looked at often, and mostly at the end
      int at = times.size();
      while (at > 0 && times.get(at - 1) >= nanos) {
        at--;
      }
      return totals.get(Math.min(at, totals.size() - 1));
    }

    @Override
    public long lastNanos() {
      return times.getLast();
    }
  }

  static final class MapStore implements StoredFlows.Store {
    private final Map<String, byte[]> map = new HashMap<>();

    @Override
    public byte[] get(String name) {
      return map.get(name);
    }

    @Override
    public void put(String name, byte[] bytes) {
      map.put(name, bytes);
    }

    @Override
    public void remove(String name) {
      map.remove(name);
    }

    @Override
    public Iterable<Map.Entry<String, byte[]>> entries() {
      return map.entrySet();
    }
  }

  private String text(Biflow flow) {
    try {
      return Flow.getDecoder().decode(encoder.encode(flow)).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Those that are in one list alone, so that a failure does not print thousands. */
  private static List<String> difference(List<String> from, List<String> without) {
    List<String> left = new ArrayList<>(from);
    Map<String, Integer> counts = new HashMap<>();
    without.forEach(each -> counts.merge(each, 1, Integer::sum));
    left.removeIf(each -> counts.merge(each, -1, Integer::sum) >= 0);
    return left.subList(0, Math.min(left.size(), 2));
  }

  /** The payload up to what the flow needs, as a record has it. */
  private FlowFrame record(Frame frame) {
    byte[] payload = frame.payload();
    readRecord(frame, payload);
    return readRecord(frame, Arrays.copyOf(payload, Math.min(payload.length, read.headerBytes())));
  }

  private FlowFrame readRecord(Frame frame, byte[] bytes) {
    return read.read(
        frame.capture(),
        frame.timestampNanos(),
        frame.originalLength(),
        MemorySegment.ofArray(bytes),
        frame.linkType(),
        frame.vlanTag());
  }

  @Test
  void sameFramesGiveTheSameFlows() throws Exception {
    Random random = new Random(20);
    FlowFrames frames = new FlowFrames(random);
    List<String> expected = new ArrayList<>();
    FlowTable table = new FlowTable(FlowLimits.DEFAULT, flow -> expected.add(text(flow)));
    Map<Long, StoredFlows.Stores> byKey = new HashMap<>();
    long nanos = FlowTraffic.START;
    long due = Long.MAX_VALUE;
    try (BlockBuilder builder = new BlockBuilder(1 << 18)) {
      for (int i = 0; i < FRAMES; i++) {
        nanos += random.nextInt(100) == 0 ? random.nextLong(4_000_000_000L) : 200_000;
        long lostBefore = random.nextInt(50) == 0 ? 1 + random.nextInt(9) : 0;
        byte[] frame = frames.next();
        // the table forgets datagrams now and then: a fragment never lacks its first one here
        boolean varies = frame.length < SHORTEST_FRAGMENT;
        int kept =
            varies && random.nextInt(10) == 0 ? random.nextInt(frame.length + 1) : frame.length;
        int tag = varies && random.nextInt(20) == 0 ? 0x8100_0007 : 0;
        CaptureId capture = CAPTURES[varies ? random.nextInt(20) / 19 : 0];
        builder.start(capture, LinkType.ETHERNET, 262_144);
        builder.append(
            nanos, frame.length, PacketType.HOST, tag, MemorySegment.ofArray(frame), 0, kept);
        long sequence = known.add(nanos, lostBefore);
        try (Block block = builder.build(i, lostBefore)) {
          Frame each = block.next();
          table.accept(each);
          FlowFrame record = record(each);
          if (nanos >= due) {
            due = Long.MAX_VALUE;
            for (StoredFlows.Stores open : byKey.values()) {
              due = Math.min(due, flows.advance(nanos, open));
            }
          }
          if (record.isIp()) {
            StoredFlows.Stores stores =
                byKey.computeIfAbsent(
                    record.addressKey(),
                    key -> new StoredFlows.Stores(new MapStore(), new MapStore()));
            due = Math.min(due, flows.count(record, sequence, stores));
          }
        }
      }
    }
    table.endAll();
    for (StoredFlows.Stores each : byKey.values()) {
      flows.endAll(each);
    }
    assertThat(table.exportedFlows()).isGreaterThan(1000);
    assertThat(difference(stored, expected))
        .as("stored alone; not stored %s", difference(expected, stored))
        .isEmpty();
    assertThat(stored).hasSameSizeAs(expected);
  }

  /** A watermark may pass a flow's end before the frame is counted that tells of the loss. */
  @Test
  void aFlowWaitsForTheFrameThatTellsOfALoss() throws Exception {
    long due = countOne();
    assertThat(flows.advance(due + 1, stores)).as("it goes on").isEqualTo(due);
    assertThat(stored).isEmpty();
    known.add(due + 2, 7);
    assertThat(flows.advance(due + 1, stores)).isEqualTo(Long.MAX_VALUE);
    assertThat(stored).singleElement().asString().contains("\"captureLoss\": 7");
  }

  @Test
  void aFlowOfACaptureThatPausesWaitsNoLongerThanTheIdleTimeout() throws Exception {
    long due = countOne();
    long idle = FlowLimits.DEFAULT.idle().toNanos();
    assertThat(flows.advance(due + idle - 1, stores)).isEqualTo(due);
    assertThat(flows.advance(due + idle, stores)).isEqualTo(Long.MAX_VALUE);
    assertThat(stored).hasSize(1);
  }

  /** When the flow of the one frame times out. */
  private long countOne() throws Exception {
    FlowFrames frames = new FlowFrames(new Random(3));
    try (BlockBuilder builder = new BlockBuilder(1 << 12)) {
      byte[] frame;
      FlowFrame record;
      do {
        frame = frames.next();
        builder.start(FlowTraffic.CAPTURE, LinkType.ETHERNET, 262_144);
        builder.append(
            FlowTraffic.START,
            frame.length,
            PacketType.HOST,
            0,
            MemorySegment.ofArray(frame),
            0,
            frame.length);
        try (Block block = builder.build(0, 0)) {
          record = record(block.next());
        }
      } while (!record.isIp());
      known.add(FlowTraffic.START, 0);
      return flows.count(record, 0, stores);
    }
  }

  @Test
  void bytesOfAnotherVersionAreRefused() throws Exception {
    stores.flows().put("flow", new byte[] {2});
    assertThatThrownBy(() -> flows.advance(1, stores))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cannot read the state of a flow: it has version 2, this Ringtap reads 1");
  }
}
