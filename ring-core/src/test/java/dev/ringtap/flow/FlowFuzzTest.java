package dev.ringtap.flow;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.record.Flow;
import dev.ringtap.record.FlowEncoder;
import dev.ringtap.testkit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * Frames of any bytes, at any times, in a small table: each is counted once, and each flow has a
 * record. The first byte chooses the table's capacity. Each frame has a prefix: link type and
 * capture, length, bytes that were cut off, time since the last frame in units of 10 ms, signed.
 */
public final class FlowFuzzTest extends FuzzTest {
  private static final int PREFIX_BYTES = 5;
  private static final int MAX_FRAMES = 200;
  private static final long TIME_UNIT_NANOS = 10_000_000;
  private static final int[] LINK_TYPES = {
    LinkType.ETHERNET, LinkType.RAW_IP, LinkType.LINUX_SLL, LinkType.LINUX_SLL2
  };
  private static final CaptureId[] CAPTURES = {
    FlowTraffic.CAPTURE, new CaptureId("host", "eth1", 1_789_000_000_000_000L, 3)
  };

  public FlowFuzzTest() {
    super(FlowFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    FlowLimits limits =
        new FlowLimits(1 + (input[0] & 0xF), Duration.ofSeconds(15), Duration.ofSeconds(60));
    FlowEncoder encoder = FlowEncoder.singleObject();
    long[] packets = new long[1];
    FlowTable table = new FlowTable(limits, flow -> packets[0] += checked(flow, encoder));
    ByteBuffer bytes = ByteBuffer.wrap(input, 1, input.length - 1);
    long nanos = FlowTraffic.START;
    long frames = 0;
    try (BlockBuilder builder = new BlockBuilder(1 << 11)) {
      while (bytes.remaining() >= PREFIX_BYTES && frames < MAX_FRAMES) {
        int choice = bytes.get();
        int length = Byte.toUnsignedInt(bytes.get());
        int cut = bytes.get() & 0x7F;
        nanos += bytes.getShort() * TIME_UNIT_NANOS;
        byte[] frame = new byte[Math.min(length, bytes.remaining())];
        bytes.get(frame);
        builder.start(CAPTURES[choice >>> 2 & 1], LINK_TYPES[choice & 3], 262_144);
        builder.append(
            nanos,
            frame.length + cut,
            PacketType.HOST,
            0,
            MemorySegment.ofArray(frame),
            0,
            frame.length);
        try (Block block = builder.build(frames, choice >>> 3 & 3)) {
          Frame each = block.next();
          table.collect(each);
          table.settle();
        }
        frames++;
        require(
            table.exportedFrames() + table.openFrames() + table.framesWithoutFlow() == frames,
            "the ledger does not add up");
        require(table.size() <= limits.capacity(), "more flows than there is room for");
      }
    }
    table.endAll();
    require(table.size() == 0 && table.openFrames() == 0, "flows are left");
    require(packets[0] + table.framesWithoutFlow() == frames, "the flows have other packets");
  }

  /** The packets of a flow. */
  private static long checked(Biflow flow, FlowEncoder encoder) {
    require(flow.startNanos() <= flow.endNanos(), "ends before it starts");
    require(
        0 <= flow.captureLossWithin() && flow.captureLossWithin() <= flow.captureLoss(),
        "loss within the flow");
    try {
      Flow record = Flow.getDecoder().decode(encoder.encode(flow));
      require(
          record.getPacketDeltaCount() + record.getReversePacketDeltaCount() == flow.packets(),
          "the record has other packets");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return flow.packets();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }
}
