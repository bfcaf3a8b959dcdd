package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.LogRecords;
import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.CaptureCounts;
import dev.ringtap.kafka.agent.Latency;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.kafka.agent.MemberCounts;
import dev.ringtap.kafka.agent.MemberCounts.Loop;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LossSummaryTest {
  private final LogRecords log = new LogRecords(LossSummary.class);
  private final LossSummary summary = new LossSummary(counts(0, 0, 0, 0));

  @AfterEach
  void close() {
    log.close();
  }

  private static AgentCounts counts(long captured, long dropped, long missed, long notDelivered) {
    Latency none = new Latency(List.of(), 0);
    MemberCounts member =
        new MemberCounts(
            null,
            captured + dropped,
            dropped,
            captured,
            0,
            0,
            0,
            0.81,
            null,
            none,
            Loop.POLLING,
            0);
    CaptureCounts capture =
        new CaptureCounts(
            "host",
            "eth0",
            List.of(member),
            captured - notDelivered - 3,
            captured,
            notDelivered == 0 ? Map.of() : Map.of("Timeout", notDelivered),
            3,
            0,
            missed,
            none,
            null);
    return new AgentCounts(List.of(capture), Ledger.EMPTY, List.of(), 0, null, null);
  }

  private List<String> afterAMinuteOf(AgentCounts counts) {
    int before = log.messages().size();
    for (int i = 0; i < LossSummary.PERIOD_SECONDS; i++) {
      assertThat(log.messages()).hasSize(before);
      summary.tick(counts);
    }
    return log.messages().subList(before, log.messages().size());
  }

  @Test
  void thereIsALineForEachMinuteWithALossAndNoneWhileAllIsWell() {
    assertThat(afterAMinuteOf(counts(1000, 0, 0, 0))).isEmpty();
    assertThat(afterAMinuteOf(counts(2000, 500, 0, 0)))
        .containsExactly(
            "frames are lost seconds=60 offered=1500 droppedByKernel=500 droppedByInterface=0"
                + " notDelivered=0 inFlight=3 ringFillPercent=81");
    assertThat(afterAMinuteOf(counts(3000, 500, 0, 0))).isEmpty();
    assertThat(afterAMinuteOf(counts(3000, 500, 0, 7)))
        .hasSize(1)
        .first()
        .asString()
        .contains("notDelivered=7");
    assertThat(afterAMinuteOf(counts(3000, 500, 2, 7)))
        .hasSize(1)
        .first()
        .asString()
        .contains("droppedByInterface=2");
    assertThat(afterAMinuteOf(counts(9000, 500, 2, 7))).isEmpty();
  }
}
