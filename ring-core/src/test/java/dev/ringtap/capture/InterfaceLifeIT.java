package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens to a capture when something happens to its interface, under traffic. */
@Timeout(60)
class InterfaceLifeIT {
  private static final String LEFT = PrivateNetwork.LEFT;
  private static final String RIGHT = PrivateNetwork.RIGHT;

  private final AtomicBoolean quiet = new AtomicBoolean();
  private PrivateNetwork network;
  private CompletableFuture<Long> sending;

  /** Frames that a capture delivered, and how it ended. */
  private record Run(long frames, long lost, String name, CaptureException failure) {}

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("ip");
    network = PrivateNetworks.createOrSkip();
  }

  @AfterEach
  void closeNetwork() throws Exception {
    quiet.set(true);
    if (sending != null) {
      sending.get(10, TimeUnit.SECONDS);
    }
    if (network != null) {
      network.close();
    }
  }

  private void ip(String arguments) throws IOException {
    Tcpdump.run(network, ("ip " + arguments).split(" "));
  }

  private PacketCapture open() throws IOException {
    return network.call(() -> PacketCapture.open(CaptureConfig.on(RIGHT).build()));
  }

  /** Sends until the interface fails or the test is over; the frames that were sent. */
  private void send(int frameBytes) throws IOException {
    byte[] frame = new byte[frameBytes];
    frame[0] = 2;
    frame[12] = 8;
    FrameSender sender = network.sender(LEFT);
    sending =
        CompletableFuture.supplyAsync(
            () -> {
              try (sender) {
                while (!quiet.get()) {
                  sender.send(frame);
                  Thread.onSpinWait();
                }
              } catch (IOException e) {
                // the other end is gone
              }
              return sender.sent();
            });
  }

  private static Run take(PacketCapture capture, long frames) throws IOException {
    long taken = 0;
    long lost = 0;
    String name = null;
    try {
      while (!capture.isEnded() && taken < frames) {
        try (Block block = capture.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            assertThat(f.sequence()).isEqualTo(taken++);
            lost += f.lostBefore();
            name = f.interfaceName();
          }
        }
      }
      return new Run(taken, lost, name, null);
    } catch (CaptureException e) {
      return new Run(taken, lost, name, e);
    }
  }

  private static void assertOver(PacketCapture capture, Run run) throws IOException {
    assertThat(run.failure())
        .hasMessageStartingWith(
            "interface tap1 was removed, or moved to another network namespace;");
    assertThat(run.failure().reason()).isEqualTo(Reason.NO_SUCH_INTERFACE);
    CaptureStatistics statistics = capture.statistics();
    assertThat(statistics.captured()).isEqualTo(run.frames());
    assertThat(statistics.waiting()).isZero();
    assertThat(run.lost()).isLessThanOrEqualTo(statistics.droppedByKernel());
    assertThat(capture.isEnded()).isTrue();
    assertThat(capture.poll(10)).isNull();
    capture.stop();
  }

  @Test
  void removedUnderTrafficEndsInOrder() throws Exception {
    try (PacketCapture capture = open()) {
      send(200);
      CompletableFuture<Run> taking =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return take(capture, Long.MAX_VALUE);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              },
              // the sender has the only thread that the common pool has on two processors
              task -> new Thread(task).start());
      while (capture.statistics().captured() == 0) {
        Thread.sleep(1);
      }
      ip("link del tap1");
      Run run = taking.get(30, TimeUnit.SECONDS);
      assertOver(capture, run);
      assertThat(run.frames()).isPositive();
      quiet.set(true);
      assertThat(capture.statistics().offered()).isLessThanOrEqualTo(sending.get());
    }
  }

  @Test
  void whatWasInTheRingIsDeliveredWhenNobodyReadDuringTheRemoval() throws Exception {
    try (PacketCapture capture = open();
        FrameSender sender = network.sender(LEFT)) {
      for (int i = 0; i < 1000; i++) {
        sender.send(new byte[100]);
      }
      Payloads.awaitOffered(1000, capture);
      ip("link del tap1");
      Run run = take(capture, Long.MAX_VALUE);
      assertOver(capture, run);
      assertThat(run.frames()).isEqualTo(1000);
    }
  }

  /** The kernel announces that an interface goes down, and not the removal of one that is down. */
  @Test
  void removedWhileDownEndsToo() throws Exception {
    try (PacketCapture capture = open();
        FrameSender sender = network.sender(LEFT)) {
      sender.send(new byte[100]);
      // the kernel may still have it in a queue, which it empties when the interface goes down
      Payloads.awaitOffered(1, capture);
      network.setUp(RIGHT, false);
      long frames = 0;
      for (long end = System.nanoTime() + 300_000_000L; frames == 0 || System.nanoTime() < end; ) {
        try (Block block = capture.poll(50)) {
          frames += block == null ? 0 : block.frameCount();
        }
      }
      assertThat(frames).isEqualTo(1);
      ip("link del tap1");
      assertThatThrownBy(() -> capture.poll(10_000)).isInstanceOf(CaptureException.class);
      assertThat(capture.isEnded()).isTrue();
    }
  }

  @Test
  void movedToAnotherNamespaceEndsInOrder() throws Exception {
    Requirements.programs("unshare");
    Process other = new ProcessBuilder("unshare", "-n", "sleep", "20").start();
    try (PacketCapture capture = open()) {
      send(200);
      take(capture, 1000);
      Path ours = Files.readSymbolicLink(Path.of("/proc/self/ns/net"));
      while (Files.readSymbolicLink(Path.of("/proc/" + other.pid() + "/ns/net")).equals(ours)) {
        Thread.sleep(1);
      }
      ip("link set tap1 netns " + other.pid());
      CaptureException failure = null;
      while (failure == null && !capture.isEnded()) {
        try (Block block = capture.poll(1000)) {
          assertThat(block == null && !capture.isEnded()).isFalse();
        } catch (CaptureException e) {
          failure = e;
        }
      }
      assertThat(failure.reason()).isEqualTo(Reason.NO_SUCH_INTERFACE);
      assertThat(capture.statistics().waiting()).isZero();
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void renamedGoesOnUnderItsFirstName() throws Exception {
    try (PacketCapture capture = open();
        PacketCapture any =
            network.call(() -> PacketCapture.open(CaptureConfig.on("any").build()))) {
      send(200);
      assertThat(take(capture, 1000).name()).isEqualTo("tap1");
      ip("link set tap1 down");
      ip("link set tap1 name renamed");
      ip("link set renamed up");
      long seen = capture.statistics().captured();
      while (capture.statistics().captured() < seen + 10_000) {
        try (Block block = capture.poll(1000)) {
          assertThat(block).isNotNull();
          assertThat(block.next().interfaceName()).isEqualTo("tap1");
        }
      }
      any.stop();
      assertThatThrownBy(this::open).hasMessageContaining("no interface is named 'tap1'");
    }
  }

  @Test
  void tellsTheStateOfTheInterface() throws Exception {
    PacketCapture closed = open();
    closed.close();
    assertThat(closed.interfaceState()).isEqualTo(InterfaceState.MISSING);
    try (PacketCapture capture = open();
        PacketCapture any =
            network.call(() -> PacketCapture.open(CaptureConfig.on("any").build()))) {
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.UP);
      network.setUp(RIGHT, false);
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.DOWN);
      ip("link set tap1 name renamed");
      network.setUp("renamed", true);
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.UP);
      ip("link del renamed");
      assertThat(capture.interfaceState()).isEqualTo(InterfaceState.MISSING);
      assertThat(any.interfaceState()).isEqualTo(InterfaceState.UP);
    }
  }

  @Test
  void changedMtuGoesOn() throws Exception {
    try (PacketCapture capture = open()) {
      ip("link set tap1 mtu 1500");
      send(200);
      take(capture, 1000);
      ip("link set tap1 mtu 9000");
      quiet.set(true);
      sending.get(5, TimeUnit.SECONDS);
      try (FrameSender sender = network.sender(LEFT)) {
        sender.send(new byte[9014]);
      }
      capture.stop();
      int longest = 0;
      while (!capture.isEnded()) {
        try (Block block = capture.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            longest = Math.max(longest, f.payloadLength());
          }
        }
      }
      assertThat(longest).isEqualTo(9014);
      assertThat(capture.statistics().waiting()).isZero();
    }
  }

  /** Removed and made again, three times: the capture goes on, with its numbers and its counts. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aWaitingCaptureGoesOnWhenTheInterfaceIsBack(int members) throws Exception {
    List<ReopeningCapture> group =
        network.call(() -> ReopeningCapture.openGroup(CaptureConfig.on(RIGHT).build(), members));
    long[] sequences = new long[members];
    for (int life = 1; life <= 3; life++) {
      try (FrameSender sender = network.sender(LEFT)) {
        for (int i = 0; i < 1000; i++) {
          sender.send(Packets.ethernet(Packets.udp("10.0.0.1", i, "10.0.0.2", 53, new byte[90])));
        }
      }
      ip("link del " + LEFT);
      takeUntil(group, sequences, 1000L * life);
      assertThat(group).allMatch(each -> each.interfaceState() == InterfaceState.MISSING);
      ip("link add " + LEFT + " type veth peer name " + RIGHT);
      ip("link set " + LEFT + " up");
      ip("link set " + RIGHT + " up");
      takeFor(group, sequences, 400);
      assertThat(group).anyMatch(each -> each.interfaceState() == InterfaceState.UP);
    }
    CaptureStatistics sum = new CaptureStatistics(0, 0, 0, 0);
    for (ReopeningCapture each : group) {
      assertThat(each.isEnded()).isFalse();
      each.stop();
      assertThat(each.isEnded() || network.call(() -> each.poll(1000)) == null).isTrue();
      assertThat(each.isEnded()).isTrue();
      sum = sum.plus(each.statistics());
      each.close();
    }
    assertThat(sum).isEqualTo(new CaptureStatistics(3000, 0, 3000, 0));
    assertThat(sequences).doesNotContain(0);
  }

  /** Whoever takes in a loop would spin. */
  @Test
  void anInterruptDoesNotEndAWaitingTake() throws Exception {
    CaptureConfig config = CaptureConfig.on(RIGHT).build();
    try (ReopeningCapture capture =
        network.call(() -> ReopeningCapture.openGroup(config, 1)).get(0)) {
      ip("link del " + LEFT);
      assertThat(network.call(() -> capture.poll(300))).isNull();
      long start = System.nanoTime();
      assertThat(network.call(() -> interruptedTake(capture))).isTrue();
      assertThat(System.nanoTime() - start).isGreaterThan(250_000_000);
    }
  }

  /** Whether the thread is interrupted still, as it was before. */
  private static boolean interruptedTake(ReopeningCapture capture) throws IOException {
    Thread.currentThread().interrupt();
    assertThat(capture.poll(300)).isNull();
    return Thread.interrupted();
  }

  private void takeUntil(List<ReopeningCapture> group, long[] sequences, long frames)
      throws IOException {
    while (LongStream.of(sequences).sum() < frames) {
      takeFor(group, sequences, 20);
    }
  }

  private void takeFor(List<ReopeningCapture> group, long[] sequences, int millis)
      throws IOException {
    for (int i = 0; i < group.size(); i++) {
      ReopeningCapture each = group.get(i);
      // it opens again in the namespace of the thread that takes
      try (Block block = network.call(() -> each.poll(millis))) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          assertThat(f.sequence()).isEqualTo(sequences[i]++);
          assertThat(f.capture().member()).isEqualTo(i);
        }
      }
    }
  }
}
