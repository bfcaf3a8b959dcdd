package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LedgerTest {
  private static final String BEFORE =
      """
      listening on eth0, link-type 1, snapshot length 262144 bytes, to topic packets at kafka:9092
      so far: offered 7 = 2 dropped by the kernel + 5 captured; not delivered 0, the others arrived
      so far: offered 9 = 2 dropped by the kernel + 7 captured; not delivered 1, the others arrived
      """;
  private static final String END =
      """
      20 packets captured
      24 packets received by filter
      4 packets dropped by kernel
      offered 24 = 4 dropped by the kernel + 20 captured
      captured 20 = 17 acknowledged + 3 not delivered {DrainTimeout=3}
      """;

  @Test
  void isReadFromWhatTheAgentPrints() {
    assertThat(Ledger.in(BEFORE + END)).contains(new Ledger(24, 4, 20, 17, 3));
  }

  @Test
  void isAbsentBeforeTheEnd() {
    assertThat(Ledger.in(BEFORE)).isEmpty();
    assertThat(Ledger.in("")).isEmpty();
  }

  @Test
  void answersOnTheWayAreReadInTheirOrder() {
    assertThat(Progress.in(BEFORE + END))
        .isEqualTo(List.of(new Progress(7, 2), new Progress(9, 2)));
  }

  @Test
  void knowsWhetherItAddsUp() {
    assertThat(new Ledger(24, 4, 20, 17, 3).balances()).isTrue();
    assertThat(new Ledger(25, 4, 20, 17, 3).balances()).isFalse();
    assertThat(new Ledger(24, 4, 20, 17, 2).balances()).isFalse();
  }
}
