package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.kafka.LogRecords;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class DeliveryFailuresTest {
  private final AtomicLong nanos = new AtomicLong(-1);
  private final DeliveryFailures failures = new DeliveryFailures("eth0", nanos::get);

  private void addEachSecond(String reason, int seconds) {
    for (int i = 0; i < seconds; i++) {
      failures.add(reason, 2, "detail of " + i);
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    }
  }

  @Test
  void aReasonIsLoggedWhenItAppearsAndWhenItComesBack() {
    LogRecords log = new LogRecords(DeliveryFailures.class);
    try {
      addEachSecond("Timeout", 100);
      assertThat(log.messages())
          .containsExactly(
              "frames are not delivered capture=eth0 reason=Timeout detail=detail of 0");
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(58));
      addEachSecond("Timeout", 1);
      assertThat(log.messages()).as("it has not stopped for a minute").hasSize(1);
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(59));
      addEachSecond("Timeout", 100);
      assertThat(log.messages()).as("it is back").hasSize(2);
      addEachSecond("TooLarge", 3);
      assertThat(log.messages()).hasSize(3).last().asString().contains("reason=TooLarge");
    } finally {
      log.close();
    }
    assertThat(failures.counts()).isEqualTo(Map.of("Timeout", 402L, "TooLarge", 6L));
  }
}
