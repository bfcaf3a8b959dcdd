package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What needs no engine. */
@Timeout(10)
class RingtapContainerTest {
  @Test
  void handsOverByDefault() {
    assertThat(new RingtapContainer().command())
        .containsExactly("capture", "-i", "eth0", "-w", "/tmp/ringtap.pcapng");
  }

  @Test
  void everythingIsSaidToTheCommand() {
    RingtapContainer ringtap =
        new RingtapContainer()
            .onInterface("eth1")
            .toKafka("kafka:19092", "packets")
            .withOptions("-B", "256")
            .withCaptureFilter("tcp port 443");
    assertThat(String.join(" ", ringtap.command()))
        .isEqualTo("capture -i eth1 -b kafka:19092 -t packets -B 256 -- tcp port 443");
  }

  @Test
  void nothingIsReadBeforeTheStart() {
    RingtapContainer ringtap = new RingtapContainer().capturing("4f66ad9a0b2e");
    assertThatThrownBy(ringtap::packets)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("start() this container first");
    assertThatThrownBy(ringtap::ledger).hasMessageContaining("start() this container first");
  }
}
