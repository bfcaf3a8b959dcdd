package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureOption;
import dev.ringtap.registry.RegistryUrl;
import dev.ringtap.testkit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * A configuration of any text, a line {@code name=value} for each option: it is taken, or refused
 * by the exception that Connect shows to its user, and no login is in the text of that.
 */
public final class ConfigFuzzTest extends FuzzTest {
  private static final String PASSWORD = "s3cret";
  private static final String LOGIN = "user:" + PASSWORD + "@";

  public ConfigFuzzTest() {
    super(ConfigFuzzTest::fuzzerTestOneInput);
  }

  public static void fuzzerTestOneInput(byte[] input) {
    Map<String, String> properties = new HashMap<>();
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n")) {
      int equals = line.indexOf('=');
      String value = line.substring(equals + 1);
      properties.put(line.substring(0, Math.max(equals, 0)), value.replace('\u000b', '\n'));
      captureOptions(value);
      registry(value);
    }
    // no user's, but the connector's own
    properties.remove(PacketSourceConfig.TASK_NUMBER);
    connector(properties);
    offset(properties);
  }

  private static void captureOptions(String value) {
    for (CaptureOption<?> option : CaptureOption.ALL) {
      try {
        option.parse(value);
      } catch (IllegalArgumentException e) {
        require(e.getMessage() != null && e.getMessage().startsWith(option.name() + " is '"), e);
      }
    }
  }

  private static void registry(String value) {
    for (String before : List.of("", LOGIN, "http://" + LOGIN, "https://" + LOGIN)) {
      String shown;
      try {
        shown = RegistryUrl.parse(before + value).toString();
      } catch (IllegalArgumentException e) {
        require(e.getMessage() != null, e);
        shown = e.getMessage();
      }
      require(value.contains(PASSWORD) || !shown.contains(PASSWORD), new Exception(shown));
    }
  }

  private static void connector(Map<String, String> properties) {
    try {
      PacketSourceConfig config = new PacketSourceConfig(properties);
      config.schemaTarget();
      config.mayRunOn("h");
      if (!config.isFile() && config.interfaceName() != null) {
        config.capture().build();
      }
      String bpf = config.getString(PacketSourceOptions.BPF);
      // otherwise it names a file
      if (bpf != null && !bpf.isEmpty() && Character.isDigit(bpf.charAt(0))) {
        config.fileFilter();
      }
    } catch (ConfigException e) {
      require(e.getMessage() != null, e);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void offset(Map<String, String> properties) {
    try {
      FilePosition.of(properties);
    } catch (ConnectException e) {
      require(e.getMessage() != null, e);
    }
  }

  private static void require(boolean good, Exception e) {
    if (!good) {
      throw new AssertionError(e);
    }
  }
}
