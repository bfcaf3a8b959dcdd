package dev.ringtap.flow;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Brings frames to a table and keeps what it exports. */
final class FlowTraffic implements AutoCloseable {
  static final long START = 1_790_000_000_000_000_000L;
  static final CaptureId CAPTURE = new CaptureId("host", "eth0", 1_789_000_000_000_000L, 3);

  private final BlockBuilder builder = new BlockBuilder(1 << 17);
  private final FlowTable table;
  final List<Exported> exported = new ArrayList<>();
  private long frames;

  /** What a test asks of a flow. */
  record Exported(
      FlowEndReason reason,
      int srcPort,
      int dstPort,
      long forward,
      long reverse,
      long octets,
      long reverseOctets,
      long loss,
      long lossWithin,
      long startNanos) {
    static Exported of(Biflow flow) {
      return new Exported(
          flow.endReason(),
          flow.srcPort(),
          flow.dstPort(),
          flow.packets(0),
          flow.packets(1),
          flow.octets(0),
          flow.octets(1),
          flow.captureLoss(),
          flow.captureLossWithin(),
          flow.startNanos());
    }
  }

  FlowTraffic() {
    this(1000);
  }

  FlowTraffic(int capacity) {
    FlowLimits limits = new FlowLimits(capacity, Duration.ofSeconds(15), Duration.ofSeconds(60));
    table = new FlowTable(limits, flow -> exported.add(Exported.of(flow)));
  }

  FlowTable table() {
    return table;
  }

  FlowTraffic at(double seconds, byte[] frame) {
    return at(seconds, frame, 0);
  }

  FlowTraffic at(double seconds, byte[] frame, long lostBefore) {
    long nanos = START + Math.round(seconds * 1e9);
    builder.start(CAPTURE, LinkType.ETHERNET, 262_144);
    builder.append(
        nanos, frame.length, PacketType.HOST, 0, MemorySegment.ofArray(frame), 0, frame.length);
    try (Block block = builder.build(0, lostBefore)) {
      Frame each = block.next();
      table.accept(each);
      frames++;
    }
    return this;
  }

  List<Exported> end() {
    table.endAll();
    return exported;
  }

  long frames() {
    return frames;
  }

  @Override
  public void close() {
    builder.close();
  }
}
