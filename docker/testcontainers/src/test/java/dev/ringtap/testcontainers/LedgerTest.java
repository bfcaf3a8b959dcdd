package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LedgerTest {
  private static final String REPORT =
      """
      {"offered": 24, "droppedByKernel": 4, "lostAfterLast": 0, "captured": 20, "acknowledged": 17,
       "records": 17, "notDelivered": 3, "notDeliveredByReason": {"DrainTimeout": 3}}
      """;

  @Test
  void isReadFromTheReport() throws Exception {
    assertThat(Ledger.of(new ObjectMapper().readTree(REPORT)))
        .isEqualTo(new Ledger(24, 4, 20, 17, 3));
  }

  @Test
  void knowsWhetherItAddsUp() {
    assertThat(new Ledger(24, 4, 20, 17, 3).balances()).isTrue();
    assertThat(new Ledger(25, 4, 20, 17, 3).balances()).isFalse();
    assertThat(new Ledger(24, 4, 20, 17, 2).balances()).isFalse();
  }
}
