package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FilterCompiler;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes the filter while frames come in. */
@Timeout(60)
class FilterChangeIT {
  /** A frame of the first test says here which filters keep it. */
  private static final int KEPT_BY_AT = 14;

  private static final int NUMBER_AT = 16;

  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  private PacketCapture open(CaptureConfig.Builder config) throws IOException {
    return network.call(() -> PacketCapture.open(config.build()));
  }

  private static CaptureConfig.Builder right() {
    return CaptureConfig.on(PrivateNetwork.RIGHT).set(CaptureOption.RING_MIB, 64);
  }

  /** Keeps the frames that have one of these bits at {@link #KEPT_BY_AT}. */
  private static BpfProgram keeping(int bits) {
    return BpfProgram.parse(
        "4\n48 0 0 " + KEPT_BY_AT + "\n69 0 1 " + bits + "\n6 0 0 262144\n6 0 0 0\n");
  }

  /**
   * Two filters in turn, under load: every frame that comes passes the one that is set, whenever it
   * entered the ring, and each frame that both keep comes.
   */
  @Test
  void noFrameIsWrongAndNoneIsLost() throws Exception {
    int count = 400_000;
    try (PacketCapture capture = open(right().filter(keeping(1)).filterChangeable())) {
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> sendMarked(count, capture));
      Random random = new Random(1);
      int set = 1;
      int changes = 0;
      int neededByBoth = 3;
      long captured = 0;
      while (!capture.isEnded()) {
        if (random.nextInt(3) == 0 && !sending.isDone()) {
          set = 3 - set;
          capture.setFilter(keeping(set));
          changes++;
        }
        try (Block block = capture.poll(20)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            assertThat(f.sequence()).isEqualTo(captured++);
            int keptBy = f.unsignedShortAt(KEPT_BY_AT) >>> 8;
            assertThat(keptBy & set).as("frame kept by %d, filter %d", keptBy, set).isNotZero();
            if (keptBy == 3) {
              int number = f.unsignedShortAt(NUMBER_AT) << 16 | f.unsignedShortAt(NUMBER_AT + 2);
              assertThat(number).isEqualTo(neededByBoth);
              neededByBoth += 4;
            }
          }
        }
      }
      sending.join();
      assertThat(neededByBoth).isEqualTo(count + 3);
      assertThat(changes).isGreaterThan(10);
      CaptureStatistics statistics = capture.statistics();
      assertThat(statistics.captured()).isEqualTo(captured);
      assertThat(statistics.droppedByKernel()).isZero();
      assertThat(statistics.offered()).isEqualTo(captured);
    }
  }

  private void sendMarked(int count, PacketCapture capture) {
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      ByteBuffer frame = ByteBuffer.allocate(100).put(0, (byte) 2).putShort(12, (short) 0x88B5);
      for (int i = 0; i < count; i++) {
        sender.send(frame.put(KEPT_BY_AT, (byte) (i & 3)).putInt(NUMBER_AT, i).array());
      }
      capture.stop();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is in the ring is judged as the kernel judges what comes: tags, lengths, directions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "udp",
        "tcp port 80",
        "ip6",
        "not ip",
        "vlan",
        "vlan 100",
        "vlan 100 and udp",
        "not vlan",
        "vlan and vlan 300",
        "vlan 100 and vlan 300 and ip",
        "ether proto 0x88a8",
        "less 100",
        "greater 1000",
        "inbound",
        "outbound",
        "ether multicast",
        "host 10.0.0.1",
        "ip[2:2] < 600",
        "portrange 50-90",
        "icmp or arp"
      })
  void queuedFramesAreJudgedAsTheKernelDoes(String expression) throws Exception {
    Requirements.libpcap();
    BpfProgram program =
        network.call(
            () ->
                FilterCompiler.system()
                    .compileLive(expression, PrivateNetwork.RIGHT, LinkType.ETHERNET, 262_144));
    List<byte[]> frames = traffic();
    try (PacketCapture changed = open(right().filterChangeable());
        PacketCapture filtered = open(right().filter(program))) {
      send(frames, PrivateNetwork.LEFT);
      send(frames, PrivateNetwork.RIGHT);
      changed.setFilter(program);
      send(frames, PrivateNetwork.LEFT);
      changed.stop();
      filtered.stop();
      List<byte[]> expected = Payloads.of(filtered);
      List<byte[]> actual = Payloads.of(changed);
      assertThat(expected.size()).isBetween(1, 3 * frames.size() - 1);
      assertThat(actual).hasSameSizeAs(expected);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(actual.get(i)).as("frame %d", i).isEqualTo(expected.get(i));
      }
      assertThat(changed.statistics()).isEqualTo(filtered.statistics());
    }
  }

  private static List<byte[]> traffic() {
    List<byte[]> frames = new ArrayList<>();
    byte[] toGroup = Packets.udp("10.0.0.1", 5353, "224.0.0.251", 5353, new byte[60]);
    frames.add(Packets.ethernet(Packets.MAC_1, "01:00:5e:00:00:fb", 0x0800, toGroup));
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      byte[] payload = new byte[random.nextInt(1400)];
      int port = random.nextBoolean() ? 80 : 53 + random.nextInt(60);
      byte[] frame =
          random.nextBoolean()
              ? Packets.ethernet(Packets.udp("10.0.0.1", 9999, "10.0.0.2", port, payload))
              : Packets.ethernet(
                  Packets.tcp("10.0.0.3", 9999, "10.0.0.4", port, Packets.ACK, payload));
      frame = random.nextInt(4) == 0 ? Packets.frame(random) : frame;
      int shape = random.nextInt(4);
      frame = shape == 0 ? Packets.tag(frame, 0x8100, 300) : frame;
      frame = shape < 2 ? Packets.tag(frame, random.nextBoolean() ? 0x8100 : 0x88A8, 100) : frame;
      frames.add(frame);
    }
    return frames;
  }

  private void send(List<byte[]> frames, String interfaceName) throws IOException {
    try (FrameSender sender = network.sender(interfaceName)) {
      for (byte[] each : frames) {
        sender.send(each);
      }
    }
  }

  /** A gap before a block whose frames are all refused stands at the next frame that comes. */
  @Test
  void lossBeforeRefusedFramesIsNotForgotten() throws Exception {
    try (PacketCapture capture =
        open(right().set(CaptureOption.RING_MIB, 2).filter(keeping(3)).filterChangeable())) {
      int count = 20_000;
      try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
        ByteBuffer frame = ByteBuffer.allocate(1000).put(0, (byte) 2).putShort(12, (short) 0x88B5);
        for (int i = 0; i < count; i++) {
          sender.send(frame.put(KEPT_BY_AT, (byte) 1).putInt(NUMBER_AT, i).array());
        }
        capture.setFilter(keeping(2));
        for (Block block; (block = capture.poll(200)) != null; ) {
          assertThat(block.frameCount()).isZero();
          assertThat(block.next()).isNull();
          block.close();
        }
        sender.send(frame.put(KEPT_BY_AT, (byte) 2).array());
        try (Block block = capture.poll(1000)) {
          assertThat(block.next().lostBefore()).isPositive();
          assertThat(block.frameCount()).isEqualTo(1);
        }
        capture.stop();
        assertThat(capture.poll(1000)).isNull();
        CaptureStatistics statistics = capture.statistics();
        assertThat(statistics.captured()).isEqualTo(1);
        assertThat(statistics.offered()).isEqualTo(1 + statistics.droppedByKernel());
      }
    }
  }

  @Test
  void aLockedFilterStays() throws Exception {
    try (PacketCapture capture = open(right())) {
      assertThatThrownBy(() -> capture.setFilter(null))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the filter of tap1 is locked; open with filterChangeable()");
    }
  }

  @Test
  void aClosedCaptureTakesNoFilter() throws Exception {
    PacketCapture capture = open(right().filterChangeable());
    capture.close();
    assertThatThrownBy(() -> capture.setFilter(null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the capture is closed");
  }

  @Test
  void whatTheRingDoesNotKeepIsRefused() throws Exception {
    // ld #cpu; ret a
    BpfProgram byProcessor = BpfProgram.parse("2\n32 0 0 4294963236\n22 0 0 0\n");
    try (PacketCapture capture = open(right().filterChangeable())) {
      assertThatThrownBy(() -> capture.setFilter(byProcessor))
          .hasMessageContaining("ancillary value 36, which frames in the ring do not have")
          .extracting(e -> ((CaptureException) e).reason())
          .isEqualTo(Reason.UNSUPPORTED_FILTER);
    }
  }
}
