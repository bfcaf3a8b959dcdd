package dev.ringtap.capture;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.TcpEndpointFilter;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Captures real frames on a virtual wire in a network namespace of its own. */
@Timeout(60)
class PacketCaptureIT {
  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  private PacketCapture open(CaptureConfig.Builder config) throws IOException {
    return network.call(() -> PacketCapture.open(config.build()));
  }

  private static CaptureConfig.Builder right() {
    return CaptureConfig.on(PrivateNetwork.RIGHT);
  }

  private void send(List<byte[]> frames) throws IOException {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (byte[] frame : frames) {
        sender.send(frame);
      }
    }
  }

  private static List<byte[]> frames(int count, long seed) {
    Random random = new Random(seed);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] frame = new byte[random.nextInt(8) == 0 ? 9014 : 14 + random.nextInt(1500)];
      random.nextBytes(frame);
      frame[0] = 2;
      frame[6] = 2;
      int shape = random.nextInt(4);
      int type = shape == 0 ? 0x8100 : shape == 1 ? 0x88A8 : 0x0800;
      if (shape < 2 && frame.length < 22) {
        frame = Arrays.copyOf(frame, 22);
      }
      frame[12] = (byte) (type >>> 8);
      frame[13] = (byte) type;
      frames.add(frame);
    }
    return frames;
  }

  @Test
  void everyFrameComesOutAsItWasSentTagsInPlace() throws IOException {
    List<byte[]> sent = frames(3000, 1);
    try (PacketCapture capture = open(right())) {
      send(sent);
      capture.stop();
      List<byte[]> received = Payloads.of(capture);
      assertThat(received).hasSameSizeAs(sent);
      for (int i = 0; i < sent.size(); i++) {
        assertThat(received.get(i)).as("frame %d", i).isEqualTo(sent.get(i));
      }
      assertThat(capture.statistics()).isEqualTo(new CaptureStatistics(3000, 0, 3000, 0));
    }
  }

  @Test
  void forEachHandsOverAllFramesThatAFilterKeepsUntilTheCaptureIsStopped() throws Exception {
    Requirements.libpcap();
    List<byte[]> sent = frames(2000, 4);
    List<byte[]> seen = new ArrayList<>();
    try (PacketCapture capture =
        network.call(() -> PacketCapture.open(PrivateNetwork.RIGHT, "ether[12:2] = 0x0800"))) {
      CompletableFuture<Void> stopped =
          CompletableFuture.runAsync(
              () -> {
                try {
                  send(sent);
                  capture.stop();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      capture.forEach(frame -> seen.add(frame.payload()));
      stopped.get(20, TimeUnit.SECONDS);
      assertThat(capture.statistics().captured()).isEqualTo(seen.size());
    }
    List<byte[]> wanted = sent.stream().filter(frame -> frame[12] == 8 && frame[13] == 0).toList();
    assertThat(wanted).isNotEmpty();
    assertThat(seen).hasSameSizeAs(wanted);
    for (int i = 0; i < seen.size(); i++) {
      assertThat(seen.get(i)).as("frame %d", i).isEqualTo(wanted.get(i));
    }
  }

  @Test
  void statisticsReadOnTheWayAreOfNowAndLeaveEachLossAtItsFrame() throws Exception {
    try (PacketCapture capture = open(right().set(CaptureOption.RING_MIB, 2))) {
      send(frames(3000, 2));
      CaptureStatistics full = capture.readStatistics();
      assertThat(full.offered()).isEqualTo(3000);
      assertThat(full.droppedByKernel()).isPositive();
      assertThat(full.captured()).isZero();
      long lost = 0;
      while (capture.readStatistics().waiting() > 0) {
        lost += lostBeforeFramesOf(capture.poll(1000), capture);
      }
      send(frames(100, 3));
      assertThat(capture.readStatistics().offered()).isEqualTo(3100);
      capture.stop();
      while (!capture.isEnded()) {
        lost += lostBeforeFramesOf(capture.poll(1000), capture);
      }
      CaptureStatistics end = capture.statistics();
      // a sender that is descheduled for two retire timeouts fills both blocks with few frames
      assertThat(end.droppedByKernel()).isGreaterThanOrEqualTo(full.droppedByKernel());
      assertThat(lost).as("of %s, %s when full", end, full).isEqualTo(end.droppedByKernel());
      assertThat(capture.readStatistics()).isEqualTo(end);
    }
  }

  private static long lostBeforeFramesOf(Block taken, PacketCapture capture) throws IOException {
    long lost = 0;
    try (Block block = taken) {
      for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
        lost += f.lostBefore();
      }
      capture.readStatistics();
    }
    return lost;
  }

  @Test
  void aTakeThatWaitsIsWokenAndTheCaptureGoesOn() throws Exception {
    try (PacketCapture capture = open(right())) {
      for (int i = 0; i < 3; i++) {
        long start = System.nanoTime();
        CompletableFuture<Void> later =
            CompletableFuture.runAsync(
                capture::wake, CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS));
        assertThat(capture.poll(60_000)).isNull();
        later.join();
        assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
        assertThat(capture.isEnded()).isFalse();
      }
      send(frames(100, 3));
      capture.stop();
      assertThat(Payloads.of(capture)).hasSize(100);
    }
  }

  @Test
  void theRingsFillIsThePartThatTheReaderHolds() throws Exception {
    PacketCapture capture = open(right().set(CaptureOption.RING_MIB, 4));
    assertThat(capture.ringFill()).isZero();
    send(frames(3000, 4));
    Payloads.awaitOffered(3000, capture);
    Thread.sleep(100); // the last block is closed by the kernel's timer
    double full = capture.ringFill();
    assertThat(full).isGreaterThan(0.4);
    capture.poll(1000).close();
    assertThat(capture.ringFill()).isEqualTo(full - 0.25);
    capture.close();
    assertThat(capture.ringFill()).isZero();
  }

  /**
   * Every frame carries its number, so that each gap shows by itself: except for a few, it must be
   * where {@code lostBefore} says, and all of them together are exactly what the kernel dropped.
   * The reader holds several blocks at times and gives them back out of order, from another thread.
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8})
  void everyLossIsPlacedWhereItHappened(int blocks) throws Exception {
    int count = 200_000;
    try (PacketCapture capture = open(right().set(CaptureOption.RING_MIB, blocks))) {
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> sendNumbered(count, capture));
      Random random = new Random(blocks);
      ExecutorService other = Executors.newSingleThreadExecutor();
      List<Block> held = new ArrayList<>();
      long captured = 0;
      long expected = 0;
      long lost = 0;
      int gaps = 0;
      int misplaced = 0;
      while (!capture.isEnded()) {
        Block block = capture.poll(20);
        if (block != null) {
          Frame f;
          while ((f = block.next()) != null) {
            assertThat(f.sequence()).isEqualTo(captured++);
            int number = RingMemory.of(f).get(JAVA_INT_UNALIGNED, RingMemory.dataOffset(f) + 14);
            misplaced += number - expected == f.lostBefore() ? 0 : 1;
            expected = number + 1;
            lost += f.lostBefore();
            gaps += f.lostBefore() > 0 ? 1 : 0;
          }
          held.add(block);
        }
        if (block == null || held.size() == blocks - 1 || random.nextInt(3) == 0) {
          Thread.sleep(captured < 50_000 ? 10 : 0);
          Collections.shuffle(held, random);
          List<Block> back = List.copyOf(held);
          held.clear();
          other.submit(() -> back.forEach(Block::close)).get();
        }
      }
      sending.get(10, TimeUnit.SECONDS);
      other.shutdown();
      CaptureStatistics statistics = capture.statistics();
      assertThat(gaps).isPositive();
      // the kernel may close a block by its timer, or this thread lose its processor, in between
      assertThat(misplaced).as("of %d gaps", gaps).isLessThanOrEqualTo(2 + gaps / 4);
      assertThat(statistics.captured()).isEqualTo(captured);
      assertThat(statistics.offered()).isEqualTo(count);
      assertThat(statistics.offered()).isEqualTo(captured + statistics.droppedByKernel());
      // Each loss stands at its gap or at an earlier one; what is lost after the last frame has
      // none of its own.
      assertThat(lost).isBetween(expected - captured, statistics.droppedByKernel());
    }
  }

  private void sendNumbered(int count, PacketCapture capture) {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      byte[] frame = new byte[1000];
      frame[0] = 2;
      frame[12] = 8;
      ByteBuffer numbered = ByteBuffer.wrap(frame).order(ByteOrder.nativeOrder());
      for (int i = 0; i < count; i++) {
        numbered.putInt(14, i);
        sender.send(frame);
      }
      Payloads.awaitOffered(count, capture);
      capture.stop();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void stopUnderLoadLosesNothingUncounted() throws Exception {
    List<byte[]> some = frames(100, 3);
    for (int round = 0; round < 5; round++) {
      try (PacketCapture capture = open(right())) {
        CompletableFuture<Long> sending =
            CompletableFuture.supplyAsync(
                () -> {
                  try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
                    while (!capture.isEnded()) {
                      sender.send(some.get((int) (sender.sent() % some.size())));
                    }
                    return sender.sent();
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
        try (Block first = capture.poll(1000)) {
          assertThat(first).isNotNull();
        }
        capture.stop();
        while (!capture.isEnded()) {
          Block block = capture.poll(100);
          if (block != null) {
            block.close();
          }
        }
        CaptureStatistics statistics = capture.statistics();
        assertThat(statistics.waiting()).isZero();
        assertThat(statistics.offered()).isLessThanOrEqualTo(sending.get(10, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void closeFromAnotherThreadEndsAWaitingTakeAtOnce() throws Exception {
    PacketCapture capture = open(right());
    CompletableFuture<Block> taking =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return capture.poll(30_000);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    Thread.sleep(200);
    capture.close();
    // a third of the time that take was given
    assertThat(taking.get(10, TimeUnit.SECONDS)).isNull();
    capture.close();
    assertThat(capture.poll(10)).isNull();
    assertThat(capture.isEnded()).isTrue();
  }

  @Test
  void aBlockOutlivesNeitherItsLeaseNorItsCapture() throws IOException {
    send(List.of());
    PacketCapture capture = open(right());
    send(frames(10, 4));
    Block block = capture.poll(1000);
    Frame frame = block.next();
    assertThat(frame.payloadLength()).isPositive();
    block.close();
    assertThatThrownBy(frame::timestampNanos).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(block::next).isInstanceOf(IllegalStateException.class);
    send(frames(10, 5));
    Block held = capture.poll(1000);
    Frame still = held.next();
    capture.close();
    assertThatThrownBy(still::payload).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(held::next).isInstanceOf(IllegalStateException.class);
    held.close();
  }

  @Test
  void blocksMayBeHeldAndGivenBackOutOfOrder() throws IOException {
    try (PacketCapture capture = open(right().set(CaptureOption.RING_MIB, 4))) {
      List<byte[]> sent = frames(9000, 6);
      long seen = 0;
      Block held = null;
      for (int at = 0; at < sent.size(); at += 300) {
        send(sent.subList(at, at + 300));
        for (Block block; (block = capture.poll(50)) != null; ) {
          seen += block.frameCount();
          if (held != null) {
            held.close();
          }
          held = block;
        }
      }
      held.close();
      assertThat(seen).isEqualTo(sent.size());
    }
  }

  @Test
  void kernelFiltersAndCuts() throws IOException {
    // ether proto 0x0800, as `tcpdump -ddd ip` prints it
    BpfProgram ip = BpfProgram.parse("4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n");
    try (PacketCapture capture =
        open(right().filter(ip).set(CaptureOption.SNAP_LENGTH_BYTES, 40))) {
      List<byte[]> sent = frames(400, 7);
      send(sent);
      capture.stop();
      List<byte[]> wanted =
          sent.stream().filter(f -> f[12] == 8).map(f -> Arrays.copyOf(f, 40)).toList();
      List<byte[]> received = Payloads.of(capture);
      assertThat(received).hasSameSizeAs(wanted);
      for (int i = 0; i < wanted.size(); i++) {
        int length = Math.min(40, received.get(i).length);
        assertThat(received.get(i)).startsWith(Arrays.copyOf(wanted.get(i), length));
      }
      assertThat(capture.statistics().offered()).isEqualTo(wanted.size());
    }
  }

  @Test
  void tcpOfEndpointsIsRefusedAndNothingElse() throws IOException {
    List<InetSocketAddress> brokers =
        List.of(
            new InetSocketAddress("10.0.0.1", 9092), new InetSocketAddress("2001:db8::1", 9092));
    BpfProgram all = BpfProgram.acceptAll(500);
    List<byte[]> kept = new ArrayList<>();
    List<byte[]> frames = new ArrayList<>();
    for (String net : List.of("10.0.0.", "2001:db8::")) {
      frames.add(tcp(net + 2, 40000, net + 1, 9092));
      frames.add(tcp(net + 1, 9092, net + 2, 40000));
      frames.add(Packets.tag(tcp(net + 2, 40000, net + 1, 9092), 0x8100, 100));
      kept.add(tcp(net + 2, 9092, net + 1, 40000));
      kept.add(tcp(net + 2, 40000, net + 1, 9093));
      kept.add(Packets.ethernet(Packets.udp(net + 2, 40000, net + 1, 9092, new byte[20])));
    }
    kept.add(Packets.frameOfLength(20));
    frames.addAll(kept);
    try (PacketCapture capture = open(right().filter(TcpEndpointFilter.refuse(brokers, 14, all)))) {
      send(frames);
      capture.stop();
      List<byte[]> received = Payloads.of(capture);
      assertThat(received).hasSameSizeAs(kept);
      for (int i = 0; i < kept.size(); i++) {
        assertThat(received.get(i)).as("frame %d", i).isEqualTo(kept.get(i));
      }
    }
  }

  /** The user's program begins as the kernel starts one, with both registers at 0. */
  @Test
  void theProgramBehindTheEndpointsStartsAfresh() throws IOException {
    BpfProgram addAndReturn = BpfProgram.parse("3\n4 0 0 37\n12 0 0 0\n22 0 0 0\n");
    List<InetSocketAddress> broker = List.of(new InetSocketAddress("10.0.0.1", 9092));
    try (PacketCapture capture =
        open(right().filter(TcpEndpointFilter.refuse(broker, 14, addAndReturn)))) {
      send(List.of(tcp("10.0.0.2", 1, "10.0.0.3", 2)));
      capture.stop();
      assertThat(Payloads.of(capture)).singleElement().satisfies(f -> assertThat(f).hasSize(37));
    }
  }

  private static byte[] tcp(String src, int srcPort, String dst, int dstPort) {
    return Packets.ethernet(Packets.tcp(src, srcPort, dst, dstPort, Packets.ACK, new byte[4]));
  }

  @Test
  void interfaceDownAndUpGoesOn() throws Exception {
    try (PacketCapture capture = open(right())) {
      network.setUp(PrivateNetwork.RIGHT, false);
      assertThat(capture.poll(100)).isNull();
      network.setUp(PrivateNetwork.RIGHT, true);
      // the other end sends again some time after this one is up; what is sent before is lost
      long seen = 0;
      for (int i = 0; i < 200 && seen == 0; i++) {
        send(frames(1, 8));
        try (Block block = capture.poll(100)) {
          seen = block == null ? 0 : block.frameCount();
        }
      }
      assertThat(seen).isPositive();
    }
  }

  @Test
  void loopbackShowsEachFrameOnce() throws Exception {
    try (PacketCapture capture = open(CaptureConfig.on("lo"))) {
      network.call(
          () -> {
            try (FrameSender sender = FrameSender.open("lo")) {
              for (byte[] frame : frames(20, 9)) {
                sender.send(frame);
              }
            }
            return null;
          });
      capture.stop();
      assertThat(Payloads.of(capture)).hasSize(20);
    }
  }

  @Test
  void errorsNameTheCauseAndTheNextStep() throws IOException {
    assertThatThrownBy(() -> open(CaptureConfig.on("nope")))
        .isInstanceOf(CaptureException.class)
        .hasMessage("no interface is named 'nope'; there are: lo, tap1, tap0")
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.NO_SUCH_INTERFACE);
    network.setUp(PrivateNetwork.RIGHT, false);
    assertThatThrownBy(() -> open(right()))
        .hasMessageContaining("interface tap1 is down; set it up with: ip link set tap1 up");
    network.setUp(PrivateNetwork.RIGHT, true);
    assertThatThrownBy(() -> open(right().set(CaptureOption.RING_MIB, 65_536)))
        .hasMessageMatching(
            "a ring of 65536 MiB was asked for, \\d+ MiB of memory are available.*");
  }
}
