package dev.ringtap.testcontainers.example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testcontainers.CapturedPacket;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.RingtapContainer;
import dev.ringtap.testcontainers.TestApp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** The page's test with containers as fields. */
@Timeout(120)
@RequiresImages("agent")
@Testcontainers
class ContainerFieldsIT {
  @Container final TestApp shop = Shop.withTls();
  @Container final RingtapContainer ringtap = new RingtapContainer().capturing(shop);

  @Test
  void customersAreServedByTls() throws Exception {
    Shop.visit(shop);

    assertThat(ringtap.packets(CapturedPacket::isTlsClientHello)).isNotEmpty();
    assertThat(ringtap.packets(packet -> packet.text().contains("HTTP/1."))).isEmpty();
  }
}
