package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.RingtapContainer;
import dev.ringtap.testcontainers.TestApp;
import dev.ringtap.testcontainers.example.Shop;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.Network;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/** The page's test with Testcontainers' own Kafka. */
@Timeout(120)
@RequiresImages({"agent", "kafka"})
class KafkaExampleIT {
  private static final DockerImageName KAFKA =
      DockerImageName.parse(TestApp.image("kafka")).asCompatibleSubstituteFor("apache/kafka");

  @Test
  void packetsReachTheTopic() throws Exception {
    try (Network network = Network.newNetwork();
        KafkaContainer kafka = new KafkaContainer(KAFKA);
        TestApp shop = Shop.withTls();
        RingtapContainer ringtap = new RingtapContainer()) {
      kafka.withNetwork(network).withListener("kafka:19092").start();
      shop.withNetwork(network);
      ringtap.capturing(shop).toKafka("kafka:19092", "packets").start();
      Shop.visit(shop);

      ringtap.flush();
      assertThat(Topic.packets(kafka.getBootstrapServers(), "packets")).isNotEmpty();

      ringtap.stop();
      assertThat(ringtap.ledger().notDelivered()).isZero();
    }
  }
}
