package dev.ringtap.flow;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.FIN;
import static dev.ringtap.testkit.Packets.RST;
import static dev.ringtap.testkit.Packets.SYN;
import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.RandomBlocks;
import dev.ringtap.flow.FlowTraffic.Exported;
import dev.ringtap.packet.HostileFrames;
import dev.ringtap.record.FlowEncoder;
import dev.ringtap.testkit.Packets;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is one flow, when it ends, and that every frame is counted once. */
@Timeout(60)
class FlowTableTest {
  private static final String A = "10.0.0.1";
  private static final String B = "10.0.0.2";
  private static final byte[] NONE = new byte[0];

  private final FlowTraffic traffic = new FlowTraffic();

  private static byte[] request() {
    return ethernet(udp(A, 1000, B, 53, bytes(10)));
  }

  private static byte[] answer() {
    return ethernet(udp(B, 53, A, 1000, bytes(90)));
  }

  private static byte[] segment(int flags, int sequence) {
    return ethernet(tcp(A, 1000, B, 80, flags, sequence, 5, NONE, NONE));
  }

  private static byte[] answerSegment(int flags) {
    return ethernet(tcp(B, 80, A, 1000, flags, 4, 2, NONE, NONE));
  }

  @Test
  void bothDirectionsAreOneFlow() {
    List<Exported> flows = traffic.at(0, request()).at(0.1, answer()).at(0.2, answer()).end();
    assertThat(flows).hasSize(1);
    Exported flow = flows.get(0);
    assertThat(flow.srcPort()).isEqualTo(1000);
    assertThat(flow.forward()).isEqualTo(1);
    assertThat(flow.reverse()).isEqualTo(2);
    assertThat(flow.octets()).isEqualTo(38);
    assertThat(flow.reverseOctets()).isEqualTo(2 * 118);
    assertThat(flow.reason()).isEqualTo(FlowEndReason.FORCED_END);
  }

  @Test
  void aSynAckIsTheRespondersAlsoIfItComesFirst() {
    Exported flow = traffic.at(0, answerSegment(SYN | ACK)).at(0.1, segment(ACK, 2)).end().get(0);
    assertThat(flow.srcPort()).isEqualTo(1000);
    assertThat(flow.reverse()).isEqualTo(1);
  }

  @Test
  void portsProtocolsVlansAndInterfacesAreOfDifferentFlows() {
    traffic.at(0, request());
    traffic.at(0, ethernet(udp(A, 1001, B, 53, bytes(1))));
    traffic.at(0, ethernet(tcp(A, 1000, B, 53, ACK, bytes(1))));
    traffic.at(0, tag(request(), 0x8100, 7));
    traffic.at(0, tag(tag(request(), 0x8100, 7), 0x88A8, 7));
    traffic.at(0, tag(request(), 0x8100, 0xE000));
    List<Exported> flows = traffic.end();
    assertThat(flows).hasSize(5);
    assertThat(flows.stream().filter(flow -> flow.forward() == 2)).as("priority tag").hasSize(1);
  }

  @Test
  void anEchoAndItsReplyAreOneFlowAndErrorsAreNotAnswers() {
    traffic.at(0, ethernet(Packets.echo(A, B, true, 1, 1, bytes(8))));
    traffic.at(0, ethernet(Packets.echo(B, A, false, 1, 1, bytes(8))));
    traffic.at(0, ethernet(Packets.icmp(A, B, 3, 1, bytes(28))));
    traffic.at(0, ethernet(Packets.icmp(B, A, 3, 1, bytes(28))));
    traffic.at(0, ethernet(Packets.icmp(A, B, 3, 3, bytes(28))));
    assertThat(traffic.end()).hasSize(4).anyMatch(flow -> flow.reverse() == 1);
  }

  @Test
  void fragmentsCountInTheFlowOfTheirDatagram() {
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      byte[] datagram = udp(host + 1, 5, host + 2, 6, bytes(4000));
      List<byte[]> fragments = Packets.fragments(datagram, 1480);
      fragments.forEach(each -> traffic.at(0, ethernet(each)));
    }
    assertThat(traffic.end()).hasSize(2).allMatch(f -> f.srcPort() == 5 && f.forward() == 3);
  }

  @Test
  void aLaterFragmentThatComesFirstHasNoPorts() {
    List<byte[]> fragments = Packets.fragments(udp(A, 5, B, 6, bytes(2000)), 1480);
    traffic.at(0, ethernet(fragments.get(1))).at(0, ethernet(fragments.get(0)));
    assertThat(traffic.end()).extracting(Exported::srcPort).containsExactlyInAnyOrder(-1, 5);
  }

  @Test
  void aFlowWithoutFramesEnds() {
    traffic.at(0, request()).at(14.9, answer()).at(29.8, request());
    assertThat(traffic.exported).isEmpty();
    traffic.at(29.8 + 15, request());
    assertThat(traffic.exported).hasSize(1);
    assertThat(traffic.exported.get(0).reason()).isEqualTo(FlowEndReason.IDLE_TIMEOUT);
    traffic.table().advance(FlowTraffic.START + Duration.ofSeconds(61).toNanos());
    assertThat(traffic.exported).as("without another frame").hasSize(2);
    assertThat(traffic.table().size()).isZero();
  }

  @Test
  void aLongFlowIsExportedInPartsWithoutAnEmptyOne() {
    for (int second = 0; second <= 120; second++) {
      traffic.at(second, request());
    }
    traffic.table().advance(FlowTraffic.START + Duration.ofSeconds(200).toNanos());
    assertThat(traffic.exported)
        .extracting(Exported::reason)
        .containsExactly(
            FlowEndReason.ACTIVE_TIMEOUT, FlowEndReason.ACTIVE_TIMEOUT, FlowEndReason.IDLE_TIMEOUT);
    assertThat(traffic.exported).extracting(Exported::forward).containsExactly(60L, 60L, 1L);
    assertThat(traffic.exported.get(1).startNanos() - FlowTraffic.START).isEqualTo(60_000_000_000L);
  }

  @Test
  void aConnectionEndsByFinBothWaysOrReset() {
    traffic.at(0, segment(SYN, 1)).at(0.1, segment(FIN | ACK, 2)).at(0.2, answerSegment(FIN | ACK));
    traffic.at(0.3, segment(ACK, 3));
    traffic.at(2.5, request());
    assertThat(traffic.exported)
        .extracting(Exported::reason)
        .containsOnly(FlowEndReason.END_OF_FLOW);
    assertThat(traffic.exported.get(0).forward()).isEqualTo(3);
    traffic.at(3, segment(SYN, 9)).at(3.1, answerSegment(RST | ACK)).at(6, request());
    assertThat(traffic.exported).hasSize(2);
  }

  @Test
  void aSynWithAnotherNumberOpensAnotherFlow() {
    traffic.at(0, segment(SYN, 1)).at(0.1, segment(SYN, 1)).at(0.2, segment(SYN, 77));
    assertThat(traffic.end())
        .extracting(Exported::reason, Exported::forward)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(FlowEndReason.END_OF_FLOW, 2L),
            org.assertj.core.groups.Tuple.tuple(FlowEndReason.FORCED_END, 1L));
  }

  @Test
  void losesAreToldByThePlaceOfTheGap() {
    traffic.at(0, ethernet(udp(A, 1, B, 9, bytes(1))), 5);
    traffic.at(0, request(), 0).at(0, ethernet(udp(A, 2, B, 9, bytes(1))), 7);
    traffic.at(0, request(), 0).at(0, ethernet(udp(A, 3, B, 9, bytes(1))), 11);
    List<Exported> flows = traffic.end();
    Exported twice =
        flows.stream().filter(flow -> flow.srcPort() == 1000).findFirst().orElseThrow();
    assertThat(twice.loss()).isEqualTo(18);
    assertThat(twice.lossWithin()).isEqualTo(7);
    Exported first = flows.stream().filter(flow -> flow.srcPort() == 1).findFirst().orElseThrow();
    assertThat(first.loss()).as("before it does not count").isEqualTo(18);
    assertThat(first.lossWithin()).isZero();
  }

  @Test
  void lossOfAnotherInterfaceOfTheCaptureCounts() {
    List<Long> losses = new ArrayList<>();
    FlowTable table = new FlowTable(FlowLimits.DEFAULT, flow -> losses.add(flow.captureLoss()));
    CaptureId of = FlowTraffic.CAPTURE;
    CaptureId other = new CaptureId(of.host(), "eth1", of.startMicros(), of.member());
    MemorySegment frame = MemorySegment.ofArray(request());
    table.collect(of, FlowTraffic.START, 52, 0, frame, LinkType.ETHERNET, 0);
    table.collect(other, FlowTraffic.START, 52, 5, frame, LinkType.ETHERNET, 0);
    table.collect(of, FlowTraffic.START, 52, 0, frame, LinkType.ETHERNET, 0);
    table.settle();
    table.endAll();
    assertThat(losses).containsExactlyInAnyOrder(5L, 0L);
  }

  @Test
  void lossOfAnotherCaptureDoesNotCount() {
    List<String> flows = new ArrayList<>();
    FlowTable table =
        new FlowTable(
            FlowLimits.DEFAULT,
            flow ->
                flows.add(
                    flow.capture().interfaceName()
                        + " "
                        + flow.captureLoss()
                        + " "
                        + flow.captureLossWithin()));
    CaptureId other = new CaptureId("host", "eth1", 1, 0);
    MemorySegment frame = MemorySegment.ofArray(request());
    MemorySegment arp = MemorySegment.ofArray(ethernet(0x0806, bytes(28)));
    for (long[] lost : new long[][] {{0, 0}, {3, 0}, {0, 7}}) {
      long nanos = FlowTraffic.START;
      table.collect(FlowTraffic.CAPTURE, nanos, 52, lost[0], frame, LinkType.ETHERNET, 0);
      table.collect(other, nanos, 52, 0, frame, LinkType.ETHERNET, 0);
      table.collect(other, nanos, 42, lost[1], arp, LinkType.ETHERNET, 0);
    }
    table.settle();
    List<Long> open = new ArrayList<>();
    table.forEachOpen(flow -> open.add(flow.packets()));
    assertThat(open).containsExactly(3L, 3L);
    table.endAll();
    assertThat(flows).containsExactlyInAnyOrder("eth0 3 3", "eth1 7 0");
    assertThat(table.framesWithoutFlow()).isEqualTo(3);
    table.forEachOpen(flow -> open.clear());
    assertThat(open).hasSize(2);
  }

  @Test
  void aFloodDoesNotEndAFlowThatIsAlive() {
    FlowTraffic small = new FlowTraffic(1000);
    Random random = new Random(4);
    int flood = 100_000;
    for (int i = 0; i < flood; i++) {
      String src = "198.51." + random.nextInt(256) + "." + random.nextInt(256);
      small.at(i * 1e-5, ethernet(tcp(src, random.nextInt(65536), B, 80, SYN, NONE)));
      if (i % 100 == 0) {
        small.at(i * 1e-5, request());
      }
    }
    assertThat(small.table().size()).isEqualTo(1000);
    assertThat(small.exported).noneMatch(flow -> flow.srcPort() == 1000 && flow.dstPort() == 53);
    assertThat(small.end())
        .filteredOn(flow -> flow.dstPort() == 53)
        .singleElement()
        .extracting(Exported::forward)
        .isEqualTo(1000L);
    assertThat(small.exported)
        .filteredOn(flow -> flow.reason() == FlowEndReason.LACK_OF_RESOURCES)
        .hasSizeGreaterThan(90_000);
    balances(small.table(), small.frames());
  }

  @Test
  void aClockThatIsSetBackEndsTheFlows() {
    traffic.at(100, request()).at(90, answer());
    assertThat(traffic.exported).as("within the idle time-out").isEmpty();
    traffic.at(0, request());
    assertThat(traffic.exported).hasSize(1);
    assertThat(traffic.exported.get(0).reason()).isEqualTo(FlowEndReason.FORCED_END);
    traffic.at(15.2, ethernet(udp(A, 1, B, 9, bytes(1))));
    assertThat(traffic.exported).as("the clock goes on from there").hasSize(2);
  }

  private static void balances(FlowTable table, long frames) {
    assertThat(table.exportedFrames() + table.openFrames() + table.framesWithoutFlow())
        .isEqualTo(frames);
  }

  /** Captured = packets of exported flows + open ones + frames of no flow, after every block. */
  @Test
  void everyFrameIsCountedOnceWhateverItIs() {
    Random random = new Random(20261129);
    for (int round = 0; round < 40; round++) {
      long[] packets = new long[1];
      FlowLimits limits =
          new FlowLimits(
              1 + random.nextInt(300),
              Duration.ofMillis(1 + random.nextInt(20_000)),
              Duration.ofMillis(20_001 + random.nextInt(60_000)));
      FlowTable table = new FlowTable(limits, flow -> packets[0] += checked(flow));
      long frames = 0;
      try (RandomBlocks blocks = new RandomBlocks(random);
          BlockBuilder builder = new BlockBuilder(1 << 20)) {
        for (int i = 0; i < 30; i++) {
          if (random.nextBoolean()) {
            blocks.next();
            try (Block block = blocks.block()) {
              frames += accept(table, block);
            }
          } else {
            fill(builder, random);
            try (Block block = builder.build(0, random.nextInt(3))) {
              frames += accept(table, block);
            }
          }
          balances(table, frames);
          assertThat(table.exportedFrames()).isEqualTo(packets[0]);
          assertThat(table.size()).isLessThanOrEqualTo(limits.capacity());
        }
      }
      table.endAll();
      assertThat(table.openFrames()).isZero();
      assertThat(table.size()).isZero();
      assertThat(packets[0] + table.framesWithoutFlow()).isEqualTo(frames);
    }
  }

  private static long checked(Biflow flow) {
    assertThat(flow.packets()).isPositive();
    assertThat(flow.startNanos()).isLessThanOrEqualTo(flow.endNanos());
    assertThat(flow.capture()).isNotNull();
    return flow.packets();
  }

  private static long accept(FlowTable table, Block block) {
    long frames = 0;
    try {
      Frame frame;
      while ((frame = block.next()) != null) {
        table.collect(frame);
        frames++;
      }
    } catch (CorruptBlockException e) {
      // the frames before it count
    }
    table.settle();
    return frames;
  }

  /** Frames of few hosts, hostile ones at every length, at times that go to and fro. */
  private static void fill(BlockBuilder builder, Random random) {
    builder.start(FlowTraffic.CAPTURE, LinkType.ETHERNET, 262_144);
    List<byte[]> shapes = HostileFrames.shapes();
    long nanos = FlowTraffic.START + random.nextInt(100) * 1_000_000_000L;
    byte[] frame;
    int length;
    do {
      nanos +=
          random.nextInt(20) == 0 ? random.nextLong(-40_000_000_000L, 40_000_000_000L) : 10_000;
      frame =
          random.nextBoolean()
              ? Packets.frame(random)
              : shapes.get(random.nextInt(shapes.size())).clone();
      if (random.nextInt(4) == 0) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      length = random.nextInt(4) == 0 ? random.nextInt(frame.length + 1) : frame.length;
    } while (builder.append(
        nanos, frame.length, PacketType.HOST, 0, MemorySegment.ofArray(frame), 0, length));
  }

  @Test
  void nothingIsAllocatedForAFrame() {
    FlowEncoder encoder = FlowEncoder.singleObject();
    byte[] record = new byte[1024];
    long[] bytes = new long[1];
    FlowTable table =
        new FlowTable(
            new FlowLimits(500, Duration.ofSeconds(1), Duration.ofSeconds(2)),
            flow -> bytes[0] += encoder.encode(flow, record, 0));
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      String src = (i % 2 == 0 ? "10.0.0." : "2001:db8::") + i % 200;
      String dst = i % 2 == 0 ? B : "2001:db8::b";
      frames.add(
          i % 3 == 0
              ? ethernet(udp(src, i, dst, 53, bytes(22)))
              : ethernet(tcp(src, i, dst, 80, SYN, NONE)));
    }
    BlockBuilder builder = new BlockBuilder(1 << 20);
    long nanos = FlowTraffic.START;
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 60; round++) {
      builder.start(FlowTraffic.CAPTURE, LinkType.ETHERNET, 262_144);
      for (byte[] frame : frames) {
        nanos += 1_000_000;
        builder.append(
            nanos, frame.length, PacketType.HOST, 0, MemorySegment.ofArray(frame), 0, frame.length);
      }
      try (Block block = builder.build(0, 0)) {
        long before = threads.getCurrentThreadAllocatedBytes();
        accept(table, block);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
    }
    builder.close();
    assertThat(bytes[0]).isPositive();
    assertThat(least).as("bytes for %d frames, most of which open a flow", frames.size()).isZero();
  }

  @Test
  void limitsAreChecked() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new FlowLimits(0, second, second))
        .hasMessage("a table of 0 flows; expected 1 to 16777216");
    assertThatThrownBy(() -> new FlowLimits(1, Duration.ZERO, second))
        .hasMessage("idle time-out of 0 s; expected 1 ms to 86400 s");
    assertThatThrownBy(() -> new FlowLimits(1, second, Duration.ofMillis(999)))
        .hasMessage("active time-out of 999 ms; expected 1 s to 86400 s");
  }

  @Test
  void addressesKeepTheirOrderInMemory() {
    byte[] frame = ethernet(udp("2001:db8::1", 1, "2001:db8::2", 2, bytes(1)));
    FlowFrame read =
        new FlowFrame()
            .read(FlowTraffic.CAPTURE, 5, frame.length, MemorySegment.ofArray(frame), 1, 0);
    assertThat(read.isIp()).isTrue();
    assertThat(ByteBuffer.allocate(16).putLong(read.srcUpper).putLong(read.srcLower).array())
        .isEqualTo(Arrays.copyOfRange(frame, 22, 38));
  }
}
