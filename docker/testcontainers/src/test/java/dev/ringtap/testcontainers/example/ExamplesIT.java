package dev.ringtap.testcontainers.example;

import static dev.ringtap.testcontainers.PacketsAssert.assertThatPackets;
import static dev.ringtap.testcontainers.PacketsAssert.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testcontainers.CapturedPacket;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.RingtapContainer;
import dev.ringtap.testcontainers.TestApp;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.Network;

/** The tests that the module's page shows. */
@Timeout(120)
@RequiresImages("agent")
class ExamplesIT {
  @Test
  void customersAreServedByTls() throws Exception {
    try (TestApp shop = Shop.withTls();
        RingtapContainer ringtap = new RingtapContainer().capturing(shop)) {
      ringtap.start();
      Shop.visit(shop);

      assertThat(ringtap.packets(CapturedPacket::isTlsClientHello)).isNotEmpty();
      assertThat(ringtap.packets(packet -> packet.text().contains("HTTP/1."))).isEmpty();
    }
  }

  @Test
  void aDatabaseThatIsDownIsNotStormed() throws Exception {
    try (Network network = Network.newNetwork();
        TestApp database = Shop.databaseThatIsDown(network);
        TestApp shop = Shop.withDatabase(network).dependsOn(database);
        RingtapContainer ringtap = new RingtapContainer().capturing(shop)) {
      ringtap.start();
      Shop.checkOut(shop);

      assertThat(ringtap.packets("dst port 5432 and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"))
          .hasSizeBetween(1, 3);
    }
  }

  @Test
  void theCameraFilmsIntoItsVlan() throws Exception {
    try (TestApp camera = new TestApp();
        RingtapContainer ringtap = new RingtapContainer().capturing(camera)) {
      ringtap.start();
      Shop.film(camera);

      List<CapturedPacket> film = ringtap.packets("vlan and udp port 5004");
      assertThat(film)
          .isNotEmpty()
          .allSatisfy(packet -> assertThat(packet.vlanIds()).containsExactly(42));
      assertThat(ringtap.packets("udp port 5004")).as("without a tag").isEmpty();
    }
  }

  @Test
  void theShopSpeaksTlsAndKeepsItsSecrets() throws Exception {
    try (TestApp shop = Shop.withTls();
        RingtapContainer ringtap = new RingtapContainer().capturing(shop)) {
      ringtap.start();
      Shop.visit(shop);

      assertThatPackets(ringtap).withPort(8443).usesTls("TLS 1.3").hasNoClearText("hello");
      assertThatPackets(ringtap).from(shop).fromPort(8443).carriesAtMost(20_000);
      eventually(
          ringtap,
          Duration.ofSeconds(10),
          packets -> packets.to(shop).toPort(8443).opensConnections(1, 1).retransmitsAtMost(3));
    }
  }
}
