package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.filter.BpfProgram;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.linux.Tpacket3Hdr;
import dev.ringtap.linux.TpacketBlockDesc;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What is used too late, at once, or broken ends in an exception with a name: the ring is the
 * kernel's memory, and a wrong access to it would end the JVM. Nothing is left behind either.
 */
@Timeout(60)
class CaptureSafetyIT {
  private static final int CYCLES = Integer.getInteger("ringtap.cycles", 200);

  /** Of {@code num_pkts} in a block's header. */
  private static final int NUM_PKTS_OFFSET = 12;

  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("ip");
    network = PrivateNetworks.createOrSkip();
  }

  private static CaptureConfig.Builder config() {
    return CaptureConfig.on(PrivateNetwork.RIGHT).set(CaptureOption.RING_MIB, 2);
  }

  private PacketCapture open() throws IOException {
    return network.call(() -> PacketCapture.open(config().build()));
  }

  private void send(int frames) throws IOException {
    byte[] frame = new byte[60];
    frame[0] = 2;
    frame[12] = 8;
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < frames; i++) {
        sender.send(frame);
      }
    }
  }

  private static void awaitClosed(MemorySegment ring, long block) {
    while (TpacketBlockDesc.statusAcquire(ring, block) == TpacketBlockDesc.TP_STATUS_KERNEL) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aCorruptBlockIsReleasedAndTheCaptureGoesOn() throws IOException {
    try (PacketCapture capture = open()) {
      send(10);
      try (Block block = capture.poll(1000)) {
        long header = block.next().header();
        long second = header + Tpacket3Hdr.nextOffset(block.memory(), header);
        Tpacket3Hdr.setNextOffset(block.memory(), second, 1 << 30);
        assertThat(block.next().sequence()).isEqualTo(1);
        assertThatThrownBy(block::next)
            .isInstanceOf(CorruptBlockException.class)
            .hasMessageEndingWith("of tap1; 8 frames of it cannot be read");

        send(10);
        long next = block.slot().start() + (1 << 20);
        awaitClosed(block.memory(), next);
        block.memory().set(ValueLayout.JAVA_INT, next + NUM_PKTS_OFFSET, -1);
      }
      try (Block block = capture.poll(1000)) {
        for (int i = 0; i < 10; i++) {
          assertThat(block.next().sequence()).isEqualTo(10 + i);
        }
        assertThatThrownBy(block::next)
            .isInstanceOf(CorruptBlockException.class)
            .hasMessageEndingWith("; 1 frames of it cannot be read");
      }
      send(1000);
      capture.stop();
      long frames = 0;
      while (!capture.isEnded()) {
        try (Block block = capture.poll(1000)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            assertThat(f.sequence()).isEqualTo(21 + frames++);
          }
        }
      }
      // the kernel's count holds, the one that was told too much in place of one that was there
      CaptureStatistics all = capture.statistics();
      assertThat(frames).isPositive().isEqualTo(all.captured() - 21);
      assertThat(all.offered()).isEqualTo(1020).isEqualTo(all.captured() + all.droppedByKernel());
    }
  }

  @Test
  void afterCloseEveryCallHasAnAnswer() throws IOException {
    PacketCapture capture = open();
    send(1);
    Block held = capture.poll(1000);
    capture.close();
    capture.close();
    assertThat(capture.poll(10)).isNull();
    assertThat(capture.isEnded()).isTrue();
    assertThat(capture.statistics().captured()).isEqualTo(1);
    assertThat(capture.ringFill()).isZero();
    capture.wake();
    capture.stop();
    assertThatThrownBy(() -> capture.setFilter(BpfProgram.REJECT))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(held::next).isInstanceOf(IllegalStateException.class);
    held.close();
    held.close();
  }

  /** A native call that reads the ring keeps its memory, and nothing else of the capture. */
  @Test
  void closeWhileANativeCallUsesTheMemoryKeepsThatAlone() throws Exception {
    long descriptors = descriptors();
    Pipe pipe = Pipe.open();
    PacketCapture capture = open();
    send(1);
    ByteBuffer ring = capture.poll(1000).memory().asByteBuffer();
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              // ends when the pipe's other end is closed
              assertThatThrownBy(
                      () -> {
                        while (true) {
                          pipe.sink().write(ring.rewind());
                        }
                      })
                  .isInstanceOf(IOException.class);
            });
    // the pipe holds less than the ring, so the write goes on
    pipe.source().read(ByteBuffer.allocate(1));
    assertThatThrownBy(capture::close).isInstanceOf(IllegalStateException.class);
    assertThat(promiscuity()).contains("promiscuity 0 ");
    assertThat(capture.isEnded()).isTrue();
    assertThat(capture.poll(10)).isNull();
    pipe.source().close();
    writing.get(10, TimeUnit.SECONDS);
    capture.close();
    pipe.sink().close();
    assertThat(descriptors()).isLessThanOrEqualTo(descriptors + 5);
    assertNothingIsLeft();
  }

  @Test
  @Timeout(300)
  void closeUnderAReaderEndsItOrThrows() throws Exception {
    Random random = new Random(1);
    int thrown = 0;
    for (int i = 0; i < CYCLES / 4; i++) {
      PacketCapture capture = open();
      send(500);
      CompletableFuture<Boolean> reading = CompletableFuture.supplyAsync(() -> reads(capture));
      while (capture.statistics().captured() == 0) {
        Thread.onSpinWait();
      }
      long until = System.nanoTime() + random.nextInt(300_000);
      while (System.nanoTime() < until) {
        Thread.onSpinWait();
      }
      capture.close();
      thrown += reading.get(10, TimeUnit.SECONDS) ? 0 : 1;
    }
    // otherwise no close came while frames were read, and nothing was tried
    assertThat(thrown).isPositive();
    assertNothingIsLeft();
  }

  /** Reads the frames of a block again and again; whether it ended without an exception. */
  private static boolean reads(PacketCapture capture) {
    byte[] target = new byte[100];
    long sum = 0;
    try (Block block = capture.poll(5000)) {
      for (Frame f = block.next(); f != null; f = block.next()) {
        for (int i = 0; i < 100; i++) {
          f.copyPayload(target, 0);
          sum += target[0] + f.protocol();
        }
      }
      return sum != 0;
    } catch (IllegalStateException e) {
      return false;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anErrorInTheReaderLeavesNothing() throws IOException {
    assertThatThrownBy(
            () -> {
              try (PacketCapture capture = open()) {
                send(10);
                try (Block block = capture.poll(1000)) {
                  block.next();
                  byte[] tooMuch = new byte[Integer.MAX_VALUE];
                  throw new AssertionError(tooMuch.length);
                }
              }
            })
        .isInstanceOf(OutOfMemoryError.class);
    assertNothingIsLeft();
  }

  @Test
  @Timeout(1200)
  void manyCapturesLeaveNothing() throws IOException {
    open().close();
    long descriptors = descriptors();
    long mappings = mappings("").count();
    for (int i = 0; i < CYCLES; i++) {
      open().close();
    }
    assertThat(descriptors()).isLessThanOrEqualTo(descriptors + 5);
    assertThat(mappings("").count()).isLessThanOrEqualTo(mappings + 50);
    assertNothingIsLeft();
  }

  /** No mapping of a ring, no packet socket, no promiscuous mode. */
  private void assertNothingIsLeft() throws IOException {
    assertThat(mappings("socket:")).isEmpty();
    network.call(
        () -> {
          assertThat(Files.readAllLines(Path.of("/proc/thread-self/net/packet"))).hasSize(1);
          return null;
        });
    assertThat(promiscuity()).contains("promiscuity 0 ");
  }

  private String promiscuity() throws IOException {
    return Tcpdump.run(network, "ip", "-d", "link", "show", PrivateNetwork.RIGHT);
  }

  private static Stream<String> mappings(String of) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains(of));
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.count();
    }
  }
}
