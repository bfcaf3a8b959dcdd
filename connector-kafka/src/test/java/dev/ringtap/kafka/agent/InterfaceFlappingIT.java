package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.agent.CaptureUnderLoad.Arrived;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Requirements;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A capture under load on an interface that goes down and up all the time. */
@Timeout(90)
class InterfaceFlappingIT {
  private static final int TIMES = 100;

  @TempDir Path directory;

  @Test
  void downAndUpAHundredTimes() throws Exception {
    Requirements.privateNetwork();
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
        CaptureUnderLoad capture =
            CaptureUnderLoad.start(AgentRuns.settings(broker), Duration.ofSeconds(30))) {
      for (int i = 0; i < TIMES; i++) {
        capture.network().setUp(PrivateNetwork.RIGHT, false);
        capture.network().setUp(PrivateNetwork.RIGHT, true);
        capture.awaitArrivals(1);
      }
      capture.awaitArrivals(1000);
      long sent = capture.silence();
      Ledger ledger = capture.stop();
      // what was sent while it was down never reached the ring
      assertThat(ledger.offered()).isPositive().isLessThanOrEqualTo(sent);
      Arrived.of(AgentRuns.settings(broker)).assertExactlyOnce(ledger);
    }
  }
}
