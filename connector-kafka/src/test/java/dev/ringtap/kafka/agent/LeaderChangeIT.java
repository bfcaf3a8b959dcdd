package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.agent.CaptureUnderLoad.Arrived;
import dev.ringtap.testkit.Requirements;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A capture under load into a cluster whose leaders are killed, one after the other. */
@Timeout(300)
class LeaderChangeIT {
  private static final int CHANGES = 2;

  @TempDir Path directory;

  @Test
  void leadersKilledOneAfterTheOther() throws Exception {
    Requirements.privateNetwork();
    try (BrokerCluster cluster = BrokerCluster.start(directory);
        Admin admin = Admin.create(settings(cluster))) {
      awaitAllNodes(admin);
      NewTopic topic = new NewTopic(CaptureUnderLoad.TOPIC, 1, (short) BrokerCluster.NODES);
      admin.createTopics(List.of(topic)).all().get(120, TimeUnit.SECONDS);
      try (CaptureUnderLoad capture =
          CaptureUnderLoad.start(settings(cluster), Duration.ofSeconds(30))) {
        for (int i = 0; i < CHANGES; i++) {
          int killed = awaitAllInSync(admin).leader().id();
          cluster.kill(killed);
          capture.awaitArrivals(10_000);
          assertThat(partition(admin).leader().id()).isNotEqualTo(killed);
          cluster.start(killed);
        }
        Ledger ledger = capture.finish();
        Arrived.of(settings(cluster)).assertExactlyOnce(ledger);
      }
    }
  }

  private static Properties settings(BrokerCluster cluster) {
    Properties settings = new Properties();
    settings.setProperty("bootstrap.servers", cluster.bootstrapServers());
    return settings;
  }

  /** A controller refuses a topic of more replicas than brokers that have registered. */
  private static void awaitAllNodes(Admin admin) throws Exception {
    while (admin.describeCluster().nodes().get(120, TimeUnit.SECONDS).size()
        < BrokerCluster.NODES) {
      Thread.sleep(100);
    }
  }

  private static TopicPartitionInfo partition(Admin admin) throws Exception {
    return admin
        .describeTopics(List.of(CaptureUnderLoad.TOPIC))
        .allTopicNames()
        .get(30, TimeUnit.SECONDS)
        .get(CaptureUnderLoad.TOPIC)
        .partitions()
        .get(0);
  }

  /** Who was killed has caught up. */
  private static TopicPartitionInfo awaitAllInSync(Admin admin) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    TopicPartitionInfo partition = partition(admin);
    while (partition.isr().size() < BrokerCluster.NODES) {
      assertThat(System.nanoTime()).as("%s", partition).isLessThan(deadline);
      Thread.sleep(50);
      partition = partition(admin);
    }
    return partition;
  }
}
