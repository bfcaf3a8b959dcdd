package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.HostName;
import dev.ringtap.file.FileFingerprint;
import dev.ringtap.file.FileRange;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class PacketSourceConnectorTest {
  /** A pcap file without frames. */
  private static final byte[] EMPTY_PCAP = {
    (byte) 0xd4,
    (byte) 0xc3,
    (byte) 0xb2,
    (byte) 0xa1,
    2,
    0,
    4,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    4,
    0,
    1,
    0,
    0,
    0
  };

  @TempDir Path directory;

  private final PacketSourceConnector connector = new PacketSourceConnector();

  private static Map<String, String> config(String... more) {
    Map<String, String> config = new HashMap<>(Map.of("name", "tap", "topic", "packets"));
    for (int i = 0; i < more.length; i += 2) {
      config.put(more[i], more[i + 1]);
    }
    return config;
  }

  /** Errors by option, those without left out. */
  private Map<String, List<String>> errors(String... more) {
    return connector.validate(config(more)).configValues().stream()
        .filter(value -> !value.errorMessages().isEmpty())
        .collect(
            Collectors.toMap(
                ConfigValue::name, ConfigValue::errorMessages, (a, b) -> a, TreeMap::new));
  }

  private Path capture() throws IOException {
    return Files.write(directory.resolve("empty.pcap"), EMPTY_PCAP);
  }

  @Test
  void everyCaptureOptionIsOneOfTheConnectors() {
    Map<String, ConfigKey> keys = connector.config().configKeys();
    for (CaptureOption<?> option : CaptureOption.ALL) {
      ConfigKey key = keys.get(option.name());
      assertThat(key).as(option.name()).isNotNull();
      assertThat(key.documentation).isEqualTo(option.description());
      Object defaultValue = option.defaultValue();
      assertThat(key.defaultValue == null ? null : String.valueOf(key.defaultValue))
          .isEqualTo(defaultValue == null ? null : CaptureOption.textOf(defaultValue));
    }
    assertThat(keys.values())
        .allSatisfy(
            key -> {
              assertThat(key.group).isNotBlank();
              assertThat(key.documentation).isNotBlank();
              assertThat(key.recommender).isNotNull();
            });
  }

  @Test
  void aNetworkNamespaceThatIsMissingIsBlamed() {
    Map<String, List<String>> errors =
        errors("interface", "lo", "network-namespace", "/proc/self/ns/missing");
    assertThat(errors).containsOnlyKeys("network-namespace");
    assertThat(errors.get("network-namespace"))
        .singleElement()
        .asString()
        .startsWith("no network namespace /proc/self/ns/missing: ");
    Requirements.privateNetwork();
    assertThat(errors("interface", "lo", "network-namespace", "/proc/self/ns/net")).isEmpty();
  }

  @Test
  void wrongValuesAreRefusedWithTheirLimits() {
    assertThat(errors("interface", "lo", "snap-length", "-1").get("snap-length"))
        .singleElement()
        .asString()
        .contains("snap-length is '-1'; expected a whole number of bytes from 0 to 262144");
    assertThat(errors("interface", "lo", "block-size", "513").get("block-size"))
        .singleElement()
        .asString()
        .contains("a power of two");
    assertThat(
            errors("interface", "lo", "fanout-group", "5", "fanout-mode", "turn")
                .get("fanout-mode"))
        .singleElement()
        .asString()
        .contains("hash or lb or cpu");
    assertThat(errors("interface", "lo", "value.format", "xml")).containsOnlyKeys("value.format");
    assertThat(errors("interface", "lo", "key", "ip")).containsOnlyKeys("key");
    assertThat(errors("interface", "lo", "topic", "")).containsOnlyKeys("topic");
  }

  @Test
  void whatIsCapturedIsNamedOnce() throws IOException {
    assertThat(errors()).containsOnlyKeys("interface", "file");
    assertThat(errors("interface", "lo", "file", "a.pcap")).containsOnlyKeys("interface", "file");
    assertThat(errors("interface", "lo", "filter", "udp", "bpf", "1\n6 0 0 0"))
        .containsOnlyKeys("filter", "bpf");
    assertThat(errors("file", capture().toString(), "ring-size", "8"))
        .containsOnlyKeys("ring-size");
    assertThat(errors("interface", "lo", "fanout-mode", "lb")).containsOnlyKeys("fanout-mode");
    assertThat(errors("interface", "lo", "tasks.max", "300")).containsOnlyKeys("fanout-group");
  }

  @Test
  void filesAreTried() throws IOException {
    assertThat(errors("file", capture().toString())).isEmpty();
    Path missing = directory.resolve("no.pcap");
    assertThat(errors("file", missing.toString()).get("file"))
        .singleElement()
        .asString()
        .startsWith(missing + ": no such file on this worker");
    assertThat(errors("file", directory.toString()).get("file"))
        .singleElement()
        .asString()
        .contains("is no regular file");
    Path text = Files.writeString(directory.resolve("text.pcap"), "not a capture");
    assertThat(errors("file", text.toString()).get("file"))
        .singleElement()
        .asString()
        .contains("no magic number");
    assertThat(errors("file", capture().toString(), "bpf", "1\n6 0 0"))
        .containsOnlyKeys("bpf")
        .extractingByKey("bpf")
        .asString()
        .contains("line 2: not four numbers");
    assertThat(errors("file", capture().toString(), "bpf", missing.toString()))
        .containsOnlyKeys("bpf");
  }

  /** Users who reach the REST API may name any file of the host. */
  @Test
  void nothingOfAFileIsShown() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), "s3cret:x:0:0:root");
    assertThat(errors("file", secret.toString())).containsOnlyKeys("file");
    for (String file : List.of(secret.toString(), "/proc/self/environ", "/dev/zero")) {
      Map<String, List<String>> errors = errors("file", capture().toString(), "bpf", file);
      assertThat(errors).containsOnlyKeys("bpf");
      assertThat(errors.get("bpf"))
          .singleElement()
          .asString()
          .contains(file + ": ")
          .doesNotContain("could not be tried");
    }
    List<String> texts = new ArrayList<>();
    errors("file", secret.toString()).values().forEach(texts::addAll);
    errors("file", capture().toString(), "bpf", secret.toString()).values().forEach(texts::addAll);
    String hex = HexFormat.of().formatHex("s3cr".getBytes(StandardCharsets.US_ASCII));
    assertThat(texts).hasSize(2).noneMatch(text -> text.contains("s3cr") || text.contains(hex));
  }

  @Test
  void whatTakesTooLongIsAnErrorToo() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String url = "http://127.0.0.1:" + silent.getLocalPort();
      Map<String, String> config =
          config("file", capture().toString(), "value.format", "avro", "registry", url);
      Config checked = new Config(connector.config().validate(config));
      new ConfigCheck(config, checked, 50).run();
      assertThat(checked.configValues())
          .filteredOn(value -> value.name().equals("registry"))
          .singleElement()
          .satisfies(value -> assertThat(value.errorMessages().get(0)).contains("within 50 ms"));
    }
  }

  @Test
  void aRegistryIsForFinishedBytes() throws IOException {
    String file = capture().toString();
    String url = "http://127.0.0.1:1";
    assertThat(errors("file", file, "registry", url)).containsOnlyKeys("registry");
    assertThat(errors("file", file, "value.format", "struct", "registry", url).get("registry"))
        .singleElement()
        .asString()
        .contains("set value.converter");
    assertThat(errors("file", file, "value.format", "avro", "subject", "s"))
        .containsOnlyKeys("subject");
    assertThat(
            errors("file", file, "value.format", "avro", "registry", url, "subject", " ")
                .get("subject"))
        .contains("subject is empty; name one, or leave the option out");
    assertThat(
            errors("file", file, "value.format", "avro", "registry", "ftp://u:s3cret@h")
                .get("registry"))
        .singleElement()
        .asString()
        .contains("'...@h' is not the URL of a schema registry: it must begin with http://")
        .doesNotContain("s3cret");
  }

  @Test
  void aRegistryThatIsSlowIsToBlameAlone() throws IOException {
    try (ServerSocket slow = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<String, String> config =
          config(
              "file",
              capture().toString(),
              "value.format",
              "avro",
              "registry",
              "http://u:s3cret@127.0.0.1:" + slow.getLocalPort());
      Config checked = new Config(connector.config().validate(config));
      new ConfigCheck(config, checked, 500).run();
      assertThat(checked.configValues())
          .filteredOn(value -> !value.errorMessages().isEmpty())
          .singleElement()
          .satisfies(
              value -> {
                assertThat(value.name()).isEqualTo("registry");
                assertThat(value.errorMessages().get(0)).contains("within 500 ms");
              });
      assertThat(checked.configValues().toString()).doesNotContain("s3cret");
    }
  }

  @Test
  void enumsRecommendTheirValues() {
    ConfigValue mode =
        connector.validate(config("interface", "lo")).configValues().stream()
            .filter(value -> value.name().equals("fanout-mode"))
            .findFirst()
            .orElseThrow();
    assertThat(mode.recommendedValues()).contains("hash", "lb", "ebpf");
    assertThat(mode.visible()).isTrue();
    ConfigValue ofFile =
        connector.validate(config("file", "a.pcap")).configValues().stream()
            .filter(value -> value.name().equals("fanout-mode"))
            .findFirst()
            .orElseThrow();
    assertThat(ofFile.visible()).isFalse();
  }

  @Test
  void severalTasksShareAGroupOfTheConnectorsOwn() {
    connector.start(config("interface", "eth0"));
    assertThat(groups(connector, 1)).containsExactly("0 of 0");
    List<CaptureConfig> tasks = captures(connector, 3);
    assertThat(tasks).extracting(CaptureConfig::member).containsExactly(0, 1, 2);
    Set<String> own = groups(connector, 3);
    assertThat(own).singleElement().asString().matches("[1-9]\\d* of [1-9]\\d*");

    PacketSourceConnector another = new PacketSourceConnector();
    another.start(config("interface", "eth0"));
    assertThat(groups(another, 2)).isEqualTo(own);
    another.start(config("interface", "eth0", "fanout-group", "77"));
    assertThat(groups(another, 2)).containsExactly("77 of 0");
    // their numbers were the same
    another.start(config("interface", "eth0", "name", "Aa"));
    connector.start(config("interface", "eth0", "name", "BB"));
    assertThat(groups(another, 2)).isNotEqualTo(groups(connector, 2));
    // found by trying; the kernel tells these two apart by their owners
    another.start(config("interface", "eth0", "name", "connector-159"));
    connector.start(config("interface", "eth0", "name", "connector-258"));
    assertThat(groups(another, 2)).containsExactly("11662 of 3023");
    assertThat(groups(connector, 2)).containsExactly("11662 of 3733");
  }

  private static Set<String> groups(PacketSourceConnector connector, int tasks) {
    return captures(connector, tasks).stream()
        .map(task -> task.get(CaptureOption.FANOUT_GROUP) + " of " + task.fanoutOwner())
        .collect(Collectors.toSet());
  }

  private static List<CaptureConfig> captures(PacketSourceConnector connector, int tasks) {
    return connector.taskConfigs(tasks).stream()
        .map(task -> new PacketSourceConfig(task).capture().build())
        .toList();
  }

  @Test
  void aWorkerOnAnotherHostThanTheTasksDoesNotTryThem() {
    assertThat(errors("interface", "eth77")).containsOnlyKeys("interface");
    assertThat(errors("interface", "eth77", "hosts", "elsewhere, else.where")).isEmpty();
    assertThat(errors("interface", "eth77", "hosts", "elsewhere," + HostName.local()))
        .containsOnlyKeys("interface");
  }

  @Test
  void aFileIsReadByOneTaskExactlyOnce() {
    Map<String, String> file = config("file", "a.pcap");
    connector.start(file);
    assertThat(connector.taskConfigs(4)).hasSize(1);
    assertThat(connector.exactlyOnceSupport(file)).isEqualTo(ExactlyOnceSupport.SUPPORTED);
    assertThat(connector.exactlyOnceSupport(config("interface", "eth0")))
        .isEqualTo(ExactlyOnceSupport.UNSUPPORTED);
  }

  @Test
  void offsetsAreCheckedBeforeTheyAreSet() {
    Map<String, String> file = config("file", "a.pcap");
    Map<String, ?> ours = Map.of("file", "a.pcap");
    FilePosition position =
        new FilePosition(
            new FileRange(500, Long.MAX_VALUE, 10, List.of(0L, 28L)),
            12,
            11,
            new FileFingerprint(4096, 0x0a0b0c0d));
    assertThat(FilePosition.of(position.toOffset())).isEqualTo(position);
    assertThat(connector.alterOffsets(file, Map.of(ours, position.toOffset()))).isTrue();
    assertThat(connector.alterOffsets(file, Map.of(ours, Map.of("frame", 5)))).isTrue();
    Map<Map<String, ?>, Map<String, ?>> removal = new HashMap<>();
    removal.put(Map.of("file", "another.pcap"), null);
    assertThat(connector.alterOffsets(file, removal)).isTrue();
    assertThat(connector.alterOffsets(config("interface", "eth0"), removal)).isTrue();

    refuse(file, Map.of("file", "b.pcap"), Map.of("frame", 5), "is not this connector's");
    refuse(file, ours, Map.of("page", 5), "offset key page is not one of");
    refuse(file, ours, Map.of("sequence", 5), "has no 'frame'");
    refuse(file, ours, Map.of("frame", -5), "expected a whole number from 0");
    refuse(file, ours, Map.of("frame", "five"), "expected a whole number from 0");
    refuse(file, ours, Map.of("frame", 5, "start.frame", 6, "start.bytes", 70), "after frame 5");
    refuse(file, ours, Map.of("frame", 5, "start.frame", 4), "nor without its start.bytes");
    refuse(
        file,
        ours,
        Map.of("frame", 5, "start.bytes", 9, "start.section.offsets", "a"),
        "start.section.offsets");
    refuse(file, ours, Map.of("frame", 5, "fingerprint", "4097:00000000"), "fingerprint");
    refuse(file, ours, Map.of("frame", 5, "fingerprint", "x"), "fingerprint");
    refuse(config("interface", "eth0"), Map.of("interface", "eth0"), Map.of("x", 1), "no offsets");
  }

  private void refuse(
      Map<String, String> config, Map<String, ?> partition, Map<String, ?> offset, String why) {
    assertThatThrownBy(() -> connector.alterOffsets(config, Map.of(partition, offset)))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining(why);
  }

  @Test
  void metricsHaveNamesAndMeanings() {
    assertThat(Arrays.stream(TaskMetric.values()).map(TaskMetric::id))
        .contains("offered", "dropped-by-kernel", "ring-freezes", "lost-before");
  }
}
