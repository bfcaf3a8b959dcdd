package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.kafka.LogRecords;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Brokers that move are followed by the filter of a capture that goes on. */
@Timeout(60)
class OwnTrafficIT {
  private static final int ROUNDS = 50;

  @BeforeEach
  void requireNetwork() {
    Requirements.privateNetwork();
  }

  private static void send(FrameSender sender) throws IOException {
    for (int i = 0; i < ROUNDS; i++) {
      sender.send(Packets.ethernet(Packets.udp("10.0.0.1", 53, "10.0.0.2", 53, new byte[60])));
      for (String broker : new String[] {"10.0.0.5", "10.0.0.6"}) {
        sender.send(
            Packets.ethernet(
                Packets.tcp("10.0.0.1", 40_000, broker, 9092, Packets.ACK, new byte[60])));
        sender.send(
            Packets.ethernet(
                Packets.tcp(broker, 9092, "10.0.0.1", 40_000, Packets.ACK, new byte[60])));
      }
    }
  }

  @Test
  void brokerThatMovesIsExcludedWhereItWasAndWhereItIs() throws IOException {
    try (PrivateNetwork network = PrivateNetwork.create();
        FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
      CaptureConfig config = CaptureConfig.on(PrivateNetwork.RIGHT).build();
      CaptureInterface device = network.call(() -> PacketCapture.require(PrivateNetwork.RIGHT));
      OwnTraffic own = new OwnTraffic(config, device);
      CaptureConfig opened =
          config.toBuilder()
              .filter(own.exclude(Set.of(new HostPort("10.0.0.5", 9092))))
              .filterChangeable()
              .build();
      try (PacketCapture capture = network.call(() -> PacketCapture.open(opened))) {
        send(sender);
        own.follow(Set.of(new HostPort("10.0.0.5", 9092)), List.of(capture::setFilter));
        assertThat(capture.readStatistics().offered()).isEqualTo(3 * ROUNDS);
        // nothing was taken yet: what the ring holds of the new broker goes too
        own.follow(Set.of(new HostPort("10.0.0.6", 9092)), List.of(capture::setFilter));
        send(sender);
        capture.stop();
        long taken = 0;
        while (!capture.isEnded()) {
          try (Block block = capture.poll(1000)) {
            while (block != null && block.next() != null) {
              taken++;
            }
          }
        }
        assertThat(taken).as("the UDP frames of both rounds").isEqualTo(2 * ROUNDS);
      }
    }
  }

  @Test
  void captureThatFeedsItselfIsTold() throws IOException {
    LogRecords log = new LogRecords(OwnTraffic.class);
    try {
      CaptureInterface device = PacketCapture.require("lo");
      OwnTraffic compressed = new OwnTraffic(CaptureConfig.on("lo").build(), device);
      OwnTraffic idle = new OwnTraffic(CaptureConfig.on("lo").build(), device);
      for (int second = 1; second < 100; second++) {
        compressed.watch(second * 2_000_000L, second * 1_000_000L);
        idle.watch(second * 300L, second * 290L);
      }
      assertThat(log.messages()).isEmpty();
      OwnTraffic loop = new OwnTraffic(CaptureConfig.on("lo").build(), device);
      for (int second = 1; second < 100; second++) {
        loop.watch(second * 1_050_000L, second * 1_000_000L);
      }
      assertThat(log.messages())
          .singleElement()
          .asString()
          .endsWith(" seconds=20 capturedBytes=1050000 sentBytes=1000000");
    } finally {
      log.close();
    }
  }
}
