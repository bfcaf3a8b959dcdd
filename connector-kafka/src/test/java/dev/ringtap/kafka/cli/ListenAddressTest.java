package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

@Timeout(10)
class ListenAddressTest {
  @ParameterizedTest
  @CsvSource({
    "9464, 127.0.0.1, 9464",
    "0, 127.0.0.1, 0",
    "0.0.0.0:9464, 0.0.0.0, 9464",
    "localhost:65535, 127.0.0.1, 65535",
    "[::1]:9464, 0:0:0:0:0:0:0:1, 9464",
  })
  void isTheLoopbacksWithoutAHost(String text, String host, int port) {
    InetSocketAddress address = new ListenAddress().convert(text);
    assertThat(address.getAddress().getHostAddress()).isEqualTo(host);
    assertThat(address.getPort()).isEqualTo(port);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":", ":9464", "x", "host:", "65536", "-1", "::1:9464", "1:2:3", " 9"})
  void anythingElseIsNamed(String text) {
    assertThatThrownBy(() -> new ListenAddress().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'%s' is not [HOST:]PORT, such as 9464 or 0.0.0.0:9464", text);
  }
}
