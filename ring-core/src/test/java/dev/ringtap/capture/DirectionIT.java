package dev.ringtap.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureException.Reason;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.PrivateNetworks;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which way frames go, and whose clock tells their time. */
@Timeout(60)
class DirectionIT {
  private static final int INCOMING = 30;
  private static final int OUTGOING = 20;

  @TempDir Path directory;

  @AutoClose private PrivateNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    network = PrivateNetworks.createOrSkip();
  }

  private void send(String interfaceName, int count) throws IOException {
    try (FrameSender sender = network.sender(interfaceName)) {
      for (int i = 0; i < count; i++) {
        sender.send(Packets.frameOfLength(60 + i + (interfaceName.length() == 2 ? 500 : 0)));
      }
    }
  }

  private static List<byte[]> payloads(PacketCapture capture, Direction direction)
      throws IOException {
    List<byte[]> payloads = new ArrayList<>();
    while (!capture.isEnded()) {
      try (Block block = capture.poll(100)) {
        for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
          boolean out = f.packetType() == PacketType.OUTGOING;
          assertThat(direction).isNotEqualTo(out ? Direction.IN : Direction.OUT);
          byte[] payload = f.payload();
          payloads.add(payload);
        }
      }
    }
    return payloads;
  }

  private PacketCapture open(String interfaceName, Direction direction) throws IOException {
    return network.call(
        () ->
            PacketCapture.open(
                CaptureConfig.on(interfaceName).set(CaptureOption.DIRECTION, direction).build()));
  }

  @ParameterizedTest
  @EnumSource
  void eachDirectionIsTcpdumps(Direction direction) throws Exception {
    String name = direction.name().toLowerCase(Locale.ROOT);
    try (PacketCapture capture = open(PrivateNetwork.RIGHT, direction);
        Tcpdump tcpdump =
            Tcpdump.start(network, directory, "-i", PrivateNetwork.RIGHT, "-Q", name)) {
      send(PrivateNetwork.LEFT, INCOMING);
      send(PrivateNetwork.RIGHT, OUTGOING);
      capture.stop();
      List<byte[]> payloads = payloads(capture, direction);
      int expected =
          direction == Direction.IN
              ? INCOMING
              : direction == Direction.OUT ? OUTGOING : INCOMING + OUTGOING;
      Tcpdump.Dump dump = tcpdump.stop(expected);
      assertThat(payloads).hasSize(expected);
      for (int i = 0; i < expected; i++) {
        assertThat(payloads.get(i)).isEqualTo(dump.packets().get(i).bytes());
      }
      // the others never entered the ring
      assertThat(capture.statistics().offered()).isEqualTo(expected);
    }
  }

  /** Each frame is there once on the loopback, whichever way; on all interfaces each as it goes. */
  @ParameterizedTest
  @CsvSource({"lo, 10", "any, 70"})
  void loopbackShowsEachFrameOnceInEachDirection(String interfaceName, int both) throws Exception {
    for (Direction direction : Direction.values()) {
      try (PacketCapture capture = open(interfaceName, direction)) {
        send("lo", 10);
        send(PrivateNetwork.LEFT, INCOMING);
        capture.stop();
        // the wire's frames go out at one end and come in at the other
        int once = interfaceName.equals("lo") ? 10 : 10 + INCOMING;
        assertThat(payloads(capture, direction))
            .hasSize(direction == Direction.INOUT ? both : once);
      }
    }
  }

  @Test
  void aDeviceWithoutAClockIsRefusedInWords() {
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.TIMESTAMP_TYPE, TimestampType.ADAPTER_UNSYNCED)
            .build();
    assertThatThrownBy(() -> network.call(() -> PacketCapture.open(config)))
        .hasMessageStartingWith(
            "tap1 takes no timestamps of its own; use timestamp-type host (ioctl SIOCGHWTSTAMP")
        .extracting(e -> ((CaptureException) e).reason())
        .isEqualTo(Reason.UNSUPPORTED_SYSTEM);
  }
}
