package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.utility.DockerImageName;

/** What needs no engine. */
@Timeout(10)
class RingtapContainerTest {
  @Test
  void handsOverByDefault() {
    assertThat(new RingtapContainer().command())
        .containsExactly(
            "capture",
            "-i",
            "eth0",
            "--log-format",
            "json",
            "--report",
            "/tmp/ringtap.json",
            "-w",
            "/tmp/ringtap.pcapng");
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
        .isEqualTo(
            "capture -i eth1 --log-format json --report /tmp/ringtap.json -b kafka:19092 -t packets -B 256 -- tcp port 443");
  }

  @Test
  void nothingIsReadBeforeTheStart() {
    RingtapContainer ringtap = new RingtapContainer().capturing("4f66ad9a0b2e");
    assertThatThrownBy(ringtap::packets)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("start() this container first");
    assertThatThrownBy(ringtap::ledger).hasMessageContaining("start() this container first");
  }

  @Test
  void theImageIsOfTheLibrarysVersion() {
    assertThat(RingtapContainer.IMAGE.getUnversionedPart()).isEqualTo("ringtap/agent");
    assertThat(RingtapContainer.IMAGE.getVersionPart()).matches("\\d+\\.\\d+\\.\\d+.*");
  }

  @Test
  void anImageOfAnotherNameIsDeclaredToBeTheAgent() {
    DockerImageName other = DockerImageName.parse("registry.example.com/capture:1.0");
    assertThatThrownBy(() -> new RingtapContainer(other))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("asCompatibleSubstituteFor");
    new RingtapContainer(other.asCompatibleSubstituteFor("ringtap/agent"));
    new RingtapContainer("ringtap/agent:1.0");
  }

  @Test
  void aCaptureIsNotReused() {
    RingtapContainer ringtap = new RingtapContainer().withReuse(false);
    assertThatThrownBy(() -> ringtap.withReuse(true))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContainingAll("cannot be reused", "on the captured container");
  }
}
