package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class AgentLogTest {
  private static final AgentLog LOG =
      AgentLog.of(
          """
          OpenJDK warning: something
          {"interface":"eth0","level":"INFO","message":"capture started"}
          {"offered":7,"droppedByKernel":2,"level":"INFO","message":"capture flushed"}

          {"message":"no capture flushed"}
          {"offered":9,"droppedByKernel":3,"level":"INFO","message":"capture flushed"}
          """);

  @Test
  void eventsAreInTheirOrder() {
    assertThat(LOG.events("capture flushed"))
        .extracting(event -> event.get("droppedByKernel").asInt())
        .containsExactly(2, 3);
    assertThat(LOG.events("capture ended")).isEmpty();
  }

  @Test
  void isShownAsItsMessages() {
    assertThat(LOG)
        .hasToString(
            "OpenJDK warning: something; capture started; capture flushed; no capture flushed;"
                + " capture flushed");
  }
}
