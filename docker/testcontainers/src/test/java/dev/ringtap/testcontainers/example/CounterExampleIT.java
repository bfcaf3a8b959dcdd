package dev.ringtap.testcontainers.example;

import static dev.ringtap.testcontainers.PacketsAssert.assertThatPackets;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.testcontainers.CapturedPacket;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.RingtapContainer;
import dev.ringtap.testcontainers.TestApp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An application that does all that the examples say must not happen. */
@Timeout(120)
@RequiresImages("agent")
class CounterExampleIT {
  @Test
  void whatTheExamplesAssertCanFail() throws Exception {
    try (TestApp shop = Shop.withoutTls();
        RingtapContainer ringtap = new RingtapContainer().capturing(shop)) {
      ringtap.start();
      Shop.visit(shop);
      shop.shell("for i in {1..7}; do (: > /dev/tcp/%s/1); done; true".formatted(shop.gateway()));
      shop.send(Frames.udp("", 5004, 100));

      assertThat(ringtap.packets(CapturedPacket::isTlsClientHello)).isEmpty();
      assertThat(ringtap.packets(packet -> packet.text().contains("HTTP/1."))).isNotEmpty();
      assertThat(ringtap.packets("dst port 1 and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"))
          .hasSize(7);
      assertThat(ringtap.packets(packet -> packet.isConnectionRequest() && packet.dstPort() == 1))
          .hasSize(7);
      assertThatThrownBy(() -> assertThatPackets(ringtap).withPort(8443).usesTls())
          .hasMessageContaining("TLS, but a connection begins with");
      assertThatThrownBy(() -> assertThatPackets(ringtap).hasNoClearText("hello"))
          .hasMessageContaining("no clear text \"hello\"");
      assertThatThrownBy(() -> assertThatPackets(ringtap).hasNoRefusedConnection())
          .hasMessageContaining("no refused connection");
      assertThatPackets(ringtap).requestsHttp("GET / HTTP/1.1");
      assertThat(ringtap.packets("vlan and udp port 5004")).isEmpty();
      assertThat(ringtap.packets("udp port 5004")).hasSize(1);
    }
  }
}
