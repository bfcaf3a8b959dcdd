package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whose container is whose. */
@Timeout(10)
class StartedTest {
  @Test
  void aTestWithinTheThreadOfAnotherHasItsOwn() {
    RingtapContainer before = new RingtapContainer();
    RingtapContainer inner = new RingtapContainer();
    RingtapContainer after = new RingtapContainer();
    Started.begin();
    Started.note(before);
    Started.begin();
    Started.note(inner);
    assertThat(Started.end()).containsExactly(inner);
    Started.note(after);
    assertThat(Started.end()).containsExactly(before, after);
  }

  @Test
  void outsideOfATestNothingIsNoted() {
    Started.note(new RingtapContainer());
    assertThat(Started.end()).isEmpty();
  }
}
