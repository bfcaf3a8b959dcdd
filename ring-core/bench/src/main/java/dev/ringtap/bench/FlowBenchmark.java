package dev.ringtap.bench;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.FlowEncoder;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * CPU time of a frame in a table of few and of many open flows, beside the walk of the same blocks:
 * frames of 64 B, of random flows, half of them UDP and half TCP.
 */
final class FlowBenchmark {
  private static final int[] FLOWS = {500, 100_000};
  private static final int BLOCKS = 400;
  private static final int FRAMES = 500;
  private static final int ROUNDS = 9;
  private static final CaptureId CAPTURE =
      new CaptureId("bench.example.com", "eth0", 1_767_225_600_000_000L, 0);

  private final int openFlows;
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final Random random = new Random(1);
  private final FlowEncoder encoder = FlowEncoder.singleObject();
  private final byte[] record = new byte[1024];
  private long recordBytes;
  private final FlowTable table =
      new FlowTable(
          new FlowLimits(1 << 17, FlowLimits.DEFAULT.idle(), FlowLimits.DEFAULT.active()),
          flow -> recordBytes += encoder.encode(flow, record, 0));
  private long nanos = 1_767_225_600_000_000_000L;
  private long sum;

  private FlowBenchmark(int openFlows) {
    this.openFlows = openFlows;
  }

  static void main() {
    for (int each : FLOWS) {
      new FlowBenchmark(each).run();
    }
  }

  private void run() {
    byte[][] flows = new byte[openFlows][];
    for (int i = 0; i < openFlows; i++) {
      String src = "10." + (i >>> 16) + "." + (i >>> 8 & 0xFF) + "." + (i & 0xFF);
      byte[] packet =
          i % 2 == 0
              ? Packets.udp(src, 1024 + i % 60_000, "10.9.9.9", 53, new byte[22])
              : Packets.tcp(src, 1024 + i % 60_000, "10.9.9.9", 80, Packets.ACK, new byte[10]);
      flows[i] = Packets.ethernet(packet);
    }
    List<BlockBuilder> builders =
        IntStream.range(0, BLOCKS).mapToObj(i -> new BlockBuilder(1 << 17)).toList();
    double[] walk = new double[ROUNDS];
    double[] flow = new double[ROUNDS];
    for (int round = -2; round < ROUNDS; round++) {
      builders.forEach(builder -> fill(builder, flows));
      double walked = measure(builders, this::walk);
      double counted = measure(builders, this::count);
      if (round >= 0) {
        walk[round] = walked;
        flow[round] = counted;
      }
    }
    double[] ratio = new double[ROUNDS];
    Arrays.setAll(ratio, i -> flow[i] / walk[i]);
    System.out.printf(
        "CPU ns per frame of 64 B, %d flows open (median, least, most of %d rounds)%n",
        table.size(), ROUNDS);
    print("header walk", walk);
    print("flow table", flow);
    print("flow table ÷ header walk", ratio);
    System.out.printf(
        "%d flows exported, %d B a record (%d)%n",
        table.exportedFlows(), recordBytes / Math.max(1, table.exportedFlows()), sum & 1);
    builders.forEach(BlockBuilder::close);
  }

  private void fill(BlockBuilder builder, byte[][] flows) {
    builder.start(CAPTURE, LinkType.ETHERNET, 262_144);
    for (int i = 0; i < FRAMES; i++) {
      nanos += 1000;
      byte[] frame = flows[random.nextInt(openFlows)];
      builder.append(
          nanos, frame.length, PacketType.HOST, 0, MemorySegment.ofArray(frame), 0, frame.length);
    }
  }

  private interface Loop {
    void run(Block block);
  }

  private double measure(List<BlockBuilder> builders, Loop loop) {
    long before = threads.getCurrentThreadCpuTime();
    for (BlockBuilder each : builders) {
      try (Block block = each.build(0, 0)) {
        loop.run(block);
      }
    }
    return (threads.getCurrentThreadCpuTime() - before) / (double) (BLOCKS * FRAMES);
  }

  private void walk(Block block) {
    Frame f;
    while ((f = block.next()) != null) {
      sum += f.timestampNanos() + f.payloadLength() + f.originalLength();
    }
  }

  private void count(Block block) {
    Frame f;
    while ((f = block.next()) != null) {
      table.collect(f);
    }
    table.settle();
  }

  private static void print(String what, double[] values) {
    Arrays.sort(values);
    System.out.printf(
        "%-26s %8.1f (%.1f–%.1f)%n", what, values[ROUNDS / 2], values[0], values[ROUNDS - 1]);
  }
}
