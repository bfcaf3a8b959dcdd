package dev.ringtap.kafka.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.InterfaceState;
import dev.ringtap.kafka.agent.MemberCounts.Loop;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What /livez and /readyz say of one thing that is wrong, and of nothing else. */
@Timeout(10)
class HealthTest {
  private static void assertLive(Counts counts, boolean live, String... lines) {
    Health health = Health.live(counts.subject().counts().get());
    assertThat(health.isOk()).as(health.toString()).isEqualTo(live);
    assertThat(health.toString().lines()).containsExactly(lines);
  }

  private static void assertNotReady(Counts counts, String line) {
    Health health = Health.ready(counts.subject());
    assertThat(health.isOk()).as(health.toString()).isFalse();
    assertThat(health.toString().lines().filter(each -> !each.startsWith("ok ")))
        .containsExactly(line);
  }

  @Test
  void allIsWell() {
    assertLive(Counts.WELL, true, "ok capture loop of eth0: turns");
    Health ready = Health.ready(Counts.WELL.subject());
    assertThat(ready.isOk()).isTrue();
    assertThat(ready.toString().lines())
        .containsExactly(
            "ok ring of eth0: open",
            "ok interface eth0: up",
            "ok kafka: answers",
            "ok schema: registered as 7");
  }

  @Test
  void aLoopThatDoesNotTurnIsNotAlive() {
    assertLive(
        Counts.WELL.with(Loop.POLLING, 12),
        false,
        "FAIL capture loop of eth0: has not turned for 12 s");
  }

  /** To start it again would lose what it holds. */
  @Test
  void aLoopThatWaitsForKafkaIsAlive() {
    assertLive(
        Counts.WELL.with(Loop.DELIVERING, 3600),
        true,
        "ok capture loop of eth0: waits for Kafka or the file for 3600 s");
    assertLive(
        Counts.WELL.with(Loop.NOT_STARTED, 60),
        true,
        "ok capture loop of eth0: waits for Kafka, the ring holds the frames");
  }

  @Test
  void aCaptureThatHasEndedIsAliveWhileItSendsWhatItHasAndNotReady() {
    Counts ended = Counts.WELL.with(Loop.ENDED, 20);
    assertLive(ended, true, "ok capture loop of eth0: has ended");
    assertNotReady(ended, "FAIL ring of eth0: closed, the capture has ended");
  }

  @Test
  void anInterfaceThatIsDownOrMissingIsNamed() {
    assertNotReady(Counts.WELL.with(InterfaceState.DOWN), "FAIL interface eth0: down");
    assertNotReady(Counts.WELL.with(InterfaceState.MISSING), "FAIL interface eth0: missing");
  }

  @Test
  void anInterfaceThatIsWaitedForIsNamed() {
    assertNotReady(Counts.WELL.without("ens*"), "FAIL interface ens*: missing");
  }

  @Test
  void aBrokerThatIsAwayIsNotAnInterface() {
    assertNotReady(
        Counts.WELL.with(Counts.kafka(0), 0, null), "FAIL kafka: no broker is connected");
    assertNotReady(
        Counts.WELL.with(Counts.kafka(1), 12.5, null),
        "FAIL kafka: has acknowledged nothing for 12 s");
    assertNotReady(
        Counts.WELL.with(Counts.kafka(1, 62.5), 0, null),
        "FAIL kafka: no broker has answered for 62 s");
    assertNotReady(Counts.WELL.with(null, 0, null), "FAIL kafka: not reached yet");
    assertNotReady(Counts.WELL.with(null, 0, "no such host"), "FAIL kafka: no such host");
  }

  @Test
  void whatFailedIsNamed() {
    assertNotReady(
        Counts.WELL.with(new IOException("the disk is full")), "FAIL failure: the disk is full");
    assertNotReady(
        Counts.WELL.with(new AssertionError()), "FAIL failure: java.lang.AssertionError");
  }
}
