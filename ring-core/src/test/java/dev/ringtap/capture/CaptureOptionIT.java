package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.filter.BpfProgram;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What single options do to a capture on a wire. */
@Timeout(60)
class CaptureOptionIT {
  private static final byte[] FRAME =
      Packets.ethernet(Packets.udp("10.0.0.1", 1000, "10.0.0.2", 53, new byte[1000]));

  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  private static CaptureConfig.Builder right() {
    return CaptureConfig.on(PrivateNetwork.RIGHT);
  }

  private PacketCapture open(CaptureConfig.Builder config) throws IOException {
    return network.call(() -> PacketCapture.open(config.build()));
  }

  private String link() throws IOException {
    return Tcpdump.run(network, "ip", "-d", "link", "show", PrivateNetwork.RIGHT);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void promiscuousModeLastsAsLongAsTheCapture(boolean promiscuous) throws Exception {
    Requirements.programs("ip");
    assertThat(link()).contains("promiscuity 0");
    try (PacketCapture first = open(right().set(CaptureOption.PROMISCUOUS, promiscuous));
        PacketCapture second = open(right().set(CaptureOption.PROMISCUOUS, promiscuous))) {
      assertThat(first.isEnded() || second.isEnded()).isFalse();
      assertThat(link()).contains("promiscuity " + (promiscuous ? 2 : 0));
    }
    assertThat(link()).contains("promiscuity 0").doesNotContain("PROMISC");
  }

  @Test
  void noFrameComesBeforeTheFilterHolds() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    FrameSender sender = network.sender(PrivateNetwork.LEFT);
    Thread traffic =
        new Thread(
            () -> {
              try (sender) {
                while (!done.get()) {
                  sender.send(FRAME);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    traffic.start();
    try {
      for (int i = 0; i < 20; i++) {
        try (PacketCapture all = open(right());
            PacketCapture none = open(right().filter(BpfProgram.REJECT))) {
          none.stop();
          while (!none.isEnded()) {
            assertThat(none.poll(100)).isNull();
          }
          assertThat(none.statistics()).isEqualTo(new CaptureStatistics(0, 0, 0, 0));
          try (Block block = all.poll(1000)) {
            assertThat(block).as("there was traffic").isNotNull();
          }
        }
      }
    } finally {
      done.set(true);
      traffic.join();
    }
  }

  @Test
  void timeIsTheKernelsInNanoseconds() throws Exception {
    List<Long> times = new ArrayList<>();
    try (PacketCapture capture = open(right());
        FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      long before = nanos(Instant.now());
      for (int i = 0; i < 100; i++) {
        sender.send(FRAME);
      }
      long after = nanos(Instant.now());
      capture.stop();
      while (!capture.isEnded()) {
        try (Block block = capture.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            times.add(f.timestampNanos());
          }
        }
      }
      assertThat(times).hasSize(100).isSorted().allMatch(time -> time >= before && time <= after);
    }
    assertThat(times).as("finer than a microsecond").anyMatch(time -> time % 1000 != 0);
  }

  private static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }

  /** A frame alone comes when its block's time is over: at the latest then, on average in half. */
  @ParameterizedTest
  @CsvSource({"1, 0, 15", "200, 30, 250"})
  void retireTimeoutIsHowLongAFrameMayWait(int timeoutMillis, int least, int most)
      throws Exception {
    List<Long> waits = new ArrayList<>();
    try (PacketCapture capture =
            open(right().set(CaptureOption.RETIRE_TIMEOUT_MILLIS, timeoutMillis));
        FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < 21; i++) {
        // not in step with the block's timer
        Thread.sleep(3 + i * 7 % 20);
        long sent = System.nanoTime();
        sender.send(FRAME);
        Block block = null;
        while (block == null) {
          block = capture.poll(1000);
        }
        waits.add((System.nanoTime() - sent) / 1_000_000);
        assertThat(block.frameCount()).isEqualTo(1);
        block.close();
      }
    }
    Collections.sort(waits);
    assertThat(waits.get(waits.size() / 2)).as("%s ms", waits).isBetween((long) least, (long) most);
  }

  /** One flow to a member that does not read: the other one gets what has no room, or nobody. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void rolloverGivesToOthersWhatAFullMemberHasNoRoomFor(boolean rollover) throws Exception {
    int count = 2400;
    CaptureConfig.Builder config =
        right()
            .set(CaptureOption.RING_MIB, 2)
            .set(CaptureOption.BLOCK_KIB, 512)
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, 1000)
            .set(CaptureOption.FANOUT_ROLLOVER, rollover);
    List<PacketCapture> group = network.call(() -> PacketCapture.openGroup(config.build(), 2));
    try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      for (int i = 0; i < count; i++) {
        sender.send(FRAME);
      }
      List<Long> captured = new ArrayList<>();
      long dropped = 0;
      for (PacketCapture each : group) {
        each.stop();
        while (!each.isEnded()) {
          Block block = each.poll(100);
          if (block != null) {
            block.close();
          }
        }
        captured.add(each.statistics().captured());
        dropped += each.statistics().droppedByKernel();
      }
      Collections.sort(captured);
      assertThat(captured.get(1)).isPositive();
      if (rollover) {
        assertThat(captured.get(0)).isPositive();
        assertThat(dropped).isZero();
      } else {
        assertThat(captured.get(0)).isZero();
        assertThat(dropped).isEqualTo(count - captured.get(1));
      }
    } finally {
      group.forEach(PacketCapture::close);
    }
  }
}
