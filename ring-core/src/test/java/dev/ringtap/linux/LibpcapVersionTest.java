package dev.ringtap.linux;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibpcapVersionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "libpcap version 1.8.1",
        "libpcap version 1.10.5 (with TPACKET_V3)",
        "libpcap version 2.0",
        "another vendor's"
      })
  void reentrantOnesAreTaken(String version) {
    assertThatCode(() -> Libpcap.requireReentrant(version)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"libpcap version 1.5.3", "libpcap version 1.7.4"})
  void olderOnesAreRefused(String version) {
    assertThatThrownBy(() -> Libpcap.requireReentrant(version))
        .isInstanceOf(UnsatisfiedLinkError.class)
        .hasMessage(version + " is installed; 1.8 or later is needed");
  }
}
