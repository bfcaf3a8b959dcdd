package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.agent.CaptureUnderLoad.Arrived;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What happens to a capture under load when something happens to the one broker that there is. */
@Timeout(90)
class BrokerFaultsIT {
  private static final Duration DRAIN = Duration.ofSeconds(30);

  @TempDir Path directory;

  private SlowLink link;
  private EmbeddedBroker broker;

  @BeforeAll
  static void requireRoot() {
    Requirements.privateNetwork();
  }

  @BeforeEach
  void start() throws IOException {
    link = new SlowLink();
    startBroker(0);
    link.connect(broker.port());
  }

  private void startBroker(int port) throws IOException {
    broker =
        EmbeddedBroker.start(
            directory,
            port,
            Map.of(
                "advertised.listeners",
                "PLAINTEXT://127.0.0.1:" + link.port(),
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found",
                "true"));
  }

  @AfterEach
  void stop() throws IOException {
    link.close();
    broker.close();
  }

  private Properties settings(String... more) {
    return AgentRuns.settings(broker, more);
  }

  @Test
  void goneForLongerThanTheRingLasts() throws Exception {
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings(), DRAIN)) {
      int port = broker.port();
      broker.close();
      capture.awaitOverflow();
      startBroker(port);
      capture.awaitArrivals(10_000);
      Ledger ledger = capture.finish();
      assertThat(ledger.droppedByKernel()).isPositive();
      Arrived.of(settings()).assertExactlyOnce(ledger);
    }
  }

  @Test
  void slowerThanTheWire() throws Exception {
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings(), DRAIN)) {
      link.limit(500_000);
      capture.awaitOverflow();
      link.limit(SlowLink.UNLIMITED);
      capture.awaitArrivals(5000);
      Ledger ledger = capture.finish();
      assertThat(ledger.droppedByKernel()).isPositive();
      Arrived.of(settings()).assertExactlyOnce(ledger);
    }
  }

  @Test
  void maxBlockReached() throws Exception {
    try (CaptureUnderLoad capture =
        CaptureUnderLoad.start(settings("max.block.ms", "1000"), DRAIN)) {
      link.limit(SlowLink.STALLED);
      capture.await("5 frames are not delivered", counts -> counts.notDelivered() >= 5);
      link.limit(SlowLink.UNLIMITED);
      capture.awaitArrivals(5000);
      Ledger ledger = capture.finish();
      assertThat(ledger.notDeliveredByReason()).containsOnlyKeys("BufferExhaustedException");
      Arrived.of(settings()).assertExactlyOnceOrRefused(ledger);
    }
  }

  /**
   * A request that was given up may reach the broker still: what was not delivered may be there.
   */
  @Test
  void deliveryTimeoutReached() throws Exception {
    Properties settings = settings("delivery.timeout.ms", "1500", "request.timeout.ms", "1000");
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings, DRAIN)) {
      link.limit(SlowLink.STALLED);
      capture.await("1000 frames are not delivered", counts -> counts.notDelivered() >= 1000);
      link.limit(SlowLink.UNLIMITED);
      capture.awaitArrivals(5000);
      Ledger ledger = capture.finish();
      assertThat(ledger.notDeliveredByReason()).containsOnlyKeys("TimeoutException");
      Arrived arrived = Arrived.of(settings());
      assertThat(arrived.twice()).isZero();
      assertThat(arrived.count()).isBetween(ledger.acknowledged(), ledger.captured());
    }
  }

  /** Kafka's producer waits for a topic that is gone, as for a broker: it may be made again. */
  @Test
  void topicDeleted() throws Exception {
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings(), Duration.ofSeconds(3));
        Admin admin = Admin.create(settings())) {
      admin.deleteTopics(List.of(CaptureUnderLoad.TOPIC)).all().get();
      capture.awaitOverflow();
      Ledger ledger = capture.finish();
      assertThat(ledger.notDeliveredByReason()).containsOnlyKeys("DrainTimeout");
    }
  }

  @Test
  void topicDeletedAndMadeAgain() throws Exception {
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings(), DRAIN);
        Admin admin = Admin.create(settings())) {
      admin.deleteTopics(List.of(CaptureUnderLoad.TOPIC)).all().get();
      capture.awaitOverflow();
      long inTheOldTopic = capture.arrived();
      KafkaTopic.ensure(settings(), CaptureUnderLoad.TOPIC, 4);
      capture.awaitArrivals(10_000);
      Ledger ledger = capture.finish();
      assertThat(ledger.notDeliveredByReason()).isEmpty();
      Arrived arrived = Arrived.of(settings());
      assertThat(arrived.twice()).isZero();
      assertThat(arrived.count()).isEqualTo(ledger.acknowledged() - inTheOldTopic);
    }
  }

  private static AclBinding rule(AclOperation operation, AclPermissionType permission) {
    return new AclBinding(
        new ResourcePattern(ResourceType.TOPIC, CaptureUnderLoad.TOPIC, PatternType.LITERAL),
        new AccessControlEntry("User:ANONYMOUS", "*", operation, permission));
  }

  @Test
  void authorisationRevokedAndGrantedAgain() throws Exception {
    AclBinding denied = rule(AclOperation.WRITE, AclPermissionType.DENY);
    try (CaptureUnderLoad capture = CaptureUnderLoad.start(settings(), DRAIN);
        Admin admin = Admin.create(settings())) {
      AclBinding allowed = rule(AclOperation.ALL, AclPermissionType.ALLOW);
      admin.createAcls(List.of(denied, allowed)).all().get();
      capture.await("1000 frames are not delivered", counts -> counts.notDelivered() >= 1000);
      admin.deleteAcls(List.of(denied.toFilter())).all().get();
      capture.awaitArrivals(5000);
      Ledger ledger = capture.finish();
      assertThat(ledger.notDeliveredByReason()).containsOnlyKeys("TopicAuthorizationException");
      Arrived.of(settings()).assertExactlyOnceOrRefused(ledger);
    }
  }
}
