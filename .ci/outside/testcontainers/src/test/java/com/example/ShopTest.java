package com.example;

import static dev.ringtap.testcontainers.PacketsAssert.assertThatPackets;

import dev.ringtap.testcontainers.KeepPackets;
import dev.ringtap.testcontainers.RingtapContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

@ExtendWith(KeepPackets.class)
class ShopTest {
  /** It fails: the shop speaks TLS 1.3. */
  @Test
  void speaksTls12() throws Exception {
    try (Network network = Network.newNetwork();
        GenericContainer<?> shop = openssl(network);
        GenericContainer<?> customer = openssl(network);
        RingtapContainer ringtap =
            new RingtapContainer().capturing(shop).withTlsKeys("/tmp/keys.log")) {
      shop.setCommand(
          "sh",
          "-c",
          "cd /tmp && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=shop"
              + " -keyout key.pem -out cert.pem"
              + " && exec openssl s_server -accept 8443 -key key.pem -cert cert.pem -www"
              + " -keylogfile keys.log");
      shop.withNetworkAliases("shop").waitingFor(Wait.forLogMessage(".*ACCEPT\\R", 1));
      customer.withCommand("sleep", "infinity").start();
      ringtap.start();
      customer.execInContainer(
          "sh",
          "-c",
          "printf 'GET /prices HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect shop:8443");

      assertThatPackets(ringtap).withPort(8443).hasNoClearText("prices").usesTls("TLS 1.2");
    }
  }

  private static GenericContainer<?> openssl(Network network) {
    return new GenericContainer<>(System.getProperty("openssl.image")).withNetwork(network);
  }
}
