package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.config.ConfigValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Validation in a process that may not capture. */
@Timeout(60)
class PermissionIT {
  /** Validates a capture of the loopback and prints the errors, each after its option. */
  public static void main(String[] arguments) {
    Map<String, String> config = Map.of("name", "n", "topic", "t", "interface", "lo");
    for (ConfigValue value : new PacketSourceConnector().validate(config).configValues()) {
      value.errorMessages().forEach(error -> System.out.println(value.name() + ": " + error));
    }
  }

  @Test
  void noPermissionIsTheInterfacesErrorAndNamesTheCommand() throws Exception {
    assumeTrue(isRoot(), "needs root, to start a process without CAP_NET_RAW");
    Process process =
        new ProcessBuilder(
                "setpriv",
                "--bounding-set=-net_raw",
                "--inh-caps=-net_raw",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                PermissionIT.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String printed = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(printed.lines()).hasSize(1);
    assertThat(printed)
        .startsWith("interface: no permission to capture on lo: CAP_NET_RAW is missing.")
        .contains("setpriv ");
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }
}
