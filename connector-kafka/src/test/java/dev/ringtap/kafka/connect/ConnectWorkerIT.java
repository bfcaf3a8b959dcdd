package dev.ringtap.kafka.connect;

import static dev.ringtap.kafka.connect.WorkerLab.config;
import static dev.ringtap.kafka.connect.WorkerLab.frames;
import static dev.ringtap.kafka.connect.WorkerLab.value;
import static dev.ringtap.kafka.connect.WorkerLab.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.record.Packet;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The plugin archive in a real worker, in distributed mode, by its REST API. */
@Timeout(value = 150, unit = TimeUnit.SECONDS)
class ConnectWorkerIT {
  private static final String LEDGER =
      "offered (\\d+) = (\\d+) dropped by the kernel \\+ (\\d+) captured; captured (\\d+) ="
          + " (\\d+) polled \\+ (\\d+) unreadable \\+ (\\d+) left in the ring; polled (\\d+) ="
          + " (\\d+) acknowledged \\+ (\\d+) skipped \\+ (\\d+) unconfirmed";

  @TempDir static Path directory;

  private static WorkerLab lab;

  @BeforeAll
  static void start() throws IOException {
    lab = WorkerLab.create(directory, Map.of());
    lab.startWorker();
  }

  @AfterAll
  static void stop() throws IOException {
    if (lab != null) {
      lab.close();
    }
  }

  @AfterEach
  void removeConnectors() throws IOException {
    lab.removeConnectors();
  }

  private static List<Packet> packets(String topic, long count) throws IOException {
    List<Packet> packets = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : lab.read(topic, count)) {
      packets.add(Packet.getDecoder().decode(record.value()));
    }
    return packets;
  }

  private static int promiscuity() throws IOException {
    Requirements.programs("ip");
    String text =
        lab.network()
            .call(
                () ->
                    new String(
                        new ProcessBuilder("ip", "-d", "link", "show", PrivateNetwork.RIGHT)
                            .start()
                            .getInputStream()
                            .readAllBytes()));
    return Integer.parseInt(text.replaceAll("(?s).*promiscuity (\\d+).*", "$1"));
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + lab.pid() + "/fd"))) {
      return open.count();
    }
  }

  private static long ringMappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/" + lab.pid() + "/maps")).stream()
        .filter(line -> line.contains("socket:"))
        .count();
  }

  @Test
  void theWorkerFindsThePluginWithoutAWarning() throws IOException {
    JsonNode plugins = lab.must("GET", "/connector-plugins", null);
    JsonNode ours = null;
    for (JsonNode plugin : plugins) {
      ours = plugin.get("class").asText().equals(WorkerLab.CONNECTOR) ? plugin : ours;
    }
    assertThat(ours).as(plugins.toString()).isNotNull();
    assertThat(ours.get("type").asText()).isEqualTo("source");
    assertThat(ours.get("version").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(lab.logText().lines().filter(line -> line.startsWith("WARN")))
        .noneMatch(line -> line.contains("lugin") || line.contains("ringtap"));
  }

  @Test
  void theArchiveHoldsWhatAWorkerLacksAndNothingElse() throws IOException {
    Path plugin;
    try (Stream<Path> plugins = Files.list(directory.resolve("plugins"))) {
      plugin = plugins.findFirst().orElseThrow();
    }
    JsonNode manifest = new ObjectMapper().readTree(plugin.resolve("manifest.json").toFile());
    String version = manifest.get("version").asText();
    assertThat(plugin.getFileName()).hasToString(manifest.get("name").asText() + "-" + version);
    assertThat(manifest.get("component_types").get(0).asText()).isEqualTo("source");
    try (Stream<Path> jars = Files.list(plugin.resolve("lib"))) {
      assertThat(jars.map(jar -> jar.getFileName().toString().replaceAll("-[0-9].*", "")))
          .containsExactlyInAnyOrder("ringtap-connect", "ring-core", "avro");
    }
    assertThat(plugin.resolve("doc/CONNECT.md")).exists();
  }

  @Test
  void validationTriesTheLiveSystemAndBlamesTheRightOption() throws IOException {
    Requirements.libpcap();
    JsonNode missing = lab.validate(config("t", "name", "n", "interface", "eth77"));
    assertThat(value(missing, "interface").get("errors").toString())
        .contains("no interface is named 'eth77'; there are: lo, ");
    assertThat(value(missing, "interface").get("recommended_values").toString())
        .contains("tap0", "tap1", "any");
    JsonNode expression =
        lab.validate(config("t", "name", "n", "interface", "tap1", "filter", "udp prot 53"));
    assertThat(value(expression, "filter").get("errors").toString()).contains("syntax error");
    assertThat(value(expression, "interface").get("errors")).isEmpty();
    JsonNode program =
        lab.validate(config("t", "name", "n", "interface", "tap1", "bpf", "1\n999 0 0 0"));
    assertThat(value(program, "bpf").get("errors").toString()).contains("unknown instruction");
    JsonNode fanout =
        lab.validate(
            config("t", "name", "n", "interface", "tap1", "tasks.max", "2", "fanout-mode", "cbpf"));
    assertThat(value(fanout, "fanout-mode").get("errors").toString())
        .contains("needs a fanout-program");
    JsonNode clock =
        lab.validate(
            config("t", "name", "n", "interface", "tap1", "timestamp-type", "adapter_unsynced"));
    assertThat(value(clock, "timestamp-type").get("errors")).isNotEmpty();
    JsonNode large =
        lab.validate(config("t", "name", "n", "interface", "tap1", "ring-size", "65536"));
    assertThat(value(large, "ring-size").get("errors").toString()).contains("65536 MiB");
    JsonNode good =
        lab.validate(
            config("t", "name", "n", "interface", "tap1", "filter", "vlan 5 or udp port 53"));
    assertThat(good.get("error_count").asInt()).as(good.toString()).isZero();
    assertThat(lab.packetSockets()).as("validation leaves no socket").isZero();
  }

  @Test
  void twoTasksShareAnInterfaceThroughPauseRestartAndDeletion() throws Exception {
    List<byte[]> frames = frames(11, 3000);
    lab.deploy(
        "live",
        2,
        config(
            "live",
            "interface",
            "tap1",
            "tasks.max",
            "2",
            "value.format",
            "avro",
            "ring-size",
            "64"));
    assertThat(promiscuity()).isEqualTo(2);
    try (Tcpdump tcpdump =
        Tcpdump.start(
            lab.network(),
            directory,
            "-i",
            PrivateNetwork.RIGHT,
            "--time-stamp-precision=nano",
            // it gives each frame 64 KiB: all fit in, however late it comes to read them
            "-B",
            "262144")) {
      lab.send(frames);
      int sent = frames.size();
      assertThat(packets("live", sent).size()).isEqualTo(sent);
      assertThat(lab.sumOfMetric("live", TaskMetric.POLLED)).isEqualTo(sent);

      lab.must("PUT", "/connectors/live/pause", null);
      lab.awaitTasks("live", 2, "PAUSED");
      lab.send(frames.subList(0, 100));
      assertThat(packets("live", sent).size()).as("nothing comes while paused").isEqualTo(sent);
      lab.must("PUT", "/connectors/live/resume", null);
      lab.awaitTasks("live", 2, "RUNNING");
      sent += 100;
      assertThat(packets("live", sent).size()).as("the ring held it").isEqualTo(sent);

      int opened = opened();
      lab.must("POST", "/connectors/live/tasks/0/restart", null);
      lab.await("the restart", () -> ledgers().size() == 1);
      // its socket is in the group before frames are let in: what comes between is nobody's
      lab.await("the new task", () -> opened() == opened + 1 && lab.packetSockets() == 3);
      lab.awaitTasks("live", 2, "RUNNING");
      lab.send(frames.subList(100, 300));
      sent += 200;
      List<Packet> packets = packets("live", sent);

      List<WireFrame> wire = WireFrame.of(tcpdump.stop());
      assertThat(packets.stream().map(WireFrame::of).toList())
          .containsExactlyInAnyOrderElementsOf(wire);
      Set<Integer> members = new HashSet<>();
      packets.forEach(packet -> members.add(packet.getMember()));
      assertThat(members).containsExactlyInAnyOrder(0, 1);

      lab.must("DELETE", "/connectors/live", null);
      lab.await("the deletion", () -> lab.packetSockets() == 0);
      assertThat(promiscuity()).isZero();
      assertThat(ringMappings()).isZero();
      lab.await("the ledgers", () -> ledgers().size() == 3);
      long captured = 0;
      for (long[] ledger : ledgers()) {
        assertThat(ledger[0]).isEqualTo(ledger[1] + ledger[2]);
        assertThat(ledger[3]).isEqualTo(ledger[4] + ledger[5] + ledger[6]);
        assertThat(ledger[7]).isEqualTo(ledger[8] + ledger[9] + ledger[10]);
        assertThat(ledger[10]).as("all were confirmed before the task ended").isZero();
        captured += ledger[3];
      }
      assertThat(captured).isEqualTo(sent);
    }
  }

  private static List<long[]> ledgers() throws IOException {
    return lab.numbersInLog("live-\\d, interface tap1 of host \\S+ since \\S+: " + LEDGER);
  }

  @Test
  void fiftyRestartsLeaveNothingBehind() throws Exception {
    lab.deploy(
        "restarted",
        2,
        config(
            "restarted",
            "interface",
            "tap1",
            "tasks.max",
            "2",
            "value.format",
            "avro",
            "ring-size",
            "8"));
    lab.await("the rings", () -> lab.packetSockets() == 2);
    // what is loaded once is loaded then
    restart(3);
    long descriptors = descriptors();
    restart(50);
    lab.await("as many descriptors as before", () -> descriptors() <= descriptors + 2);
    assertThat(lab.packetSockets()).isEqualTo(2);
    assertThat(ringMappings()).isEqualTo(2);
    assertThat(promiscuity()).isEqualTo(2);
    lab.send(frames(12, 500));
    assertThat(packets("restarted", 500)).hasSize(500);
    lab.must("DELETE", "/connectors/restarted", null);
    lab.await("the deletion", () -> lab.packetSockets() == 0);
    assertThat(promiscuity()).isZero();
    assertThat(ringMappings()).isZero();
  }

  private static void restart(int times) throws IOException {
    for (int i = 0; i < times; i++) {
      int opened = opened();
      lab.must("POST", "/connectors/restarted/restart?includeTasks=true", null);
      lab.await("both tasks", () -> opened() == opened + 2 && lab.packetSockets() == 2);
      lab.awaitTasks("restarted", 2, "RUNNING");
    }
  }

  /** Captures that tasks have opened on the wire since the worker was started. */
  private static int opened() throws IOException {
    return lab.numbersInLog("capturing on interface tap1 of host \\S+ since ").size();
  }

  @Test
  void structsGoThroughJsonAndStockTransformations() throws IOException {
    List<byte[]> frames = Packets.stream(13).limit(200).toList();
    Path file = write(directory.resolve("json.pcapng"), frames);
    lab.deploy(
        "json",
        1,
        config(
            "json",
            "file",
            file.toString(),
            "key",
            "interface",
            "key.converter",
            "org.apache.kafka.connect.storage.StringConverter",
            "value.converter",
            "org.apache.kafka.connect.json.JsonConverter",
            "transforms",
            "site,day,name",
            "transforms.site.type",
            "org.apache.kafka.connect.transforms.InsertField$Value",
            "transforms.site.static.field",
            "site",
            "transforms.site.static.value",
            "lab",
            "transforms.day.type",
            "org.apache.kafka.connect.transforms.TimestampRouter",
            "transforms.day.topic.format",
            "${topic}-${timestamp}",
            "transforms.day.timestamp.format",
            "yyyyMMdd",
            "transforms.name.type",
            "org.apache.kafka.connect.transforms.RegexRouter",
            "transforms.name.regex",
            "(.*)",
            "transforms.name.replacement",
            "frames-$1"));
    String topic = "frames-json-20231114";
    lab.await(
        "the topic",
        () -> lab.must("GET", "/connectors/json/topics", null).toString().contains(topic));
    List<ConsumerRecord<byte[], byte[]>> records = lab.read(topic, frames.size());
    assertThat(records).hasSize(frames.size());
    ObjectMapper json = new ObjectMapper();
    for (int i = 0; i < frames.size(); i++) {
      assertThat(new String(records.get(i).key())).isEqualTo("eth7");
      JsonNode value = json.readTree(records.get(i).value());
      JsonNode payload = value.get("payload");
      assertThat(Base64.getDecoder().decode(payload.get("payload").asText()))
          .isEqualTo(frames.get(i));
      assertThat(payload.get("timestamp").asLong())
          .isEqualTo(1_700_000_000_000_000_000L + i * 1_000_003L);
      assertThat(payload.get("sequence").asLong()).isEqualTo(i);
      assertThat(payload.get("lostBefore").asLong()).isEqualTo(i == 5 ? 9 : 0);
      assertThat(payload.get("site").asText()).isEqualTo("lab");
      assertThat(value.get("schema").get("name").asText()).isEqualTo("dev.ringtap.record.Packet");
    }
  }

  @Test
  void recordsThatConnectLetsGoAreCounted() throws IOException {
    Path file =
        write(directory.resolve("tolerated.pcapng"), Packets.stream(15).limit(100).toList());
    lab.deploy(
        "tolerated",
        1,
        config(
            "tolerated",
            "file",
            file.toString(),
            "value.converter",
            "org.apache.kafka.connect.json.JsonConverter",
            "errors.tolerance",
            "all",
            "transforms",
            "cast",
            "transforms.cast.type",
            "org.apache.kafka.connect.transforms.Cast$Value",
            "transforms.cast.spec",
            "packetType:int32"));
    lab.await("the end", () -> lab.logText().contains("tolerated.pcapng was read to its end"));
    lab.must("DELETE", "/connectors/tolerated", null);
    lab.await(
        "the ledger", () -> !lab.numbersInLog("file \\S+tolerated.pcapng: " + LEDGER).isEmpty());
    long[] ledger = lab.numbersInLog("file \\S+tolerated.pcapng: " + LEDGER).get(0);
    assertThat(ledger).containsExactly(109, 9, 100, 100, 100, 0, 0, 100, 0, 100, 0);
  }

  @Test
  void theBrokersOwnTrafficIsLeftOut() throws IOException {
    Requirements.libpcap();
    lab.deploy(
        "own",
        1,
        config(
            "own",
            "interface",
            "lo",
            "filter",
            "tcp",
            "exclude.servers",
            lab.bootstrapServers(),
            "ring-size",
            "8",
            "value.format",
            "avro"));
    List<Packet> packets = packets("own", 2);
    assertThat(packets).as("REST requests at least").isNotEmpty();
    int broker = Integer.parseInt(lab.bootstrapServers().replaceAll(".*:", ""));
    for (Packet packet : packets) {
      assertThat(Short.toUnsignedInt(packet.getPayload().getShort(34))).isNotEqualTo(broker);
      assertThat(Short.toUnsignedInt(packet.getPayload().getShort(36))).isNotEqualTo(broker);
    }
  }

  @Test
  void offsetsCanBeReadSetAndReset() throws IOException {
    Requirements.libpcap();
    List<byte[]> frames = Packets.stream(14).limit(300).toList();
    Path file = write(directory.resolve("offsets.pcapng"), frames);
    Map<String, String> config =
        config("offsets", "file", file.toString(), "value.format", "avro", "filter", "ip or ip6");
    lab.deploy("offsets", 1, config);
    lab.await("the end", () -> endsRead() == 1);
    JsonNode[] offsets = new JsonNode[1];
    lab.await(
        "an offset",
        () -> {
          offsets[0] = lab.must("GET", "/connectors/offsets/offsets", null).get("offsets");
          return !offsets[0].isEmpty();
        });
    assertThat(offsets[0].get(0).get("partition").get("file").asText()).isEqualTo(file.toString());
    assertThat(offsets[0].get(0).get("offset").get("frame").asLong()).isPositive();
    lab.must("PUT", "/connectors/offsets/stop", null);
    lab.awaitTasks("offsets", 0, "STOPPED");
    int first = lab.read("offsets", 1).size();
    assertThat(first).isBetween(1, frames.size());

    Map<String, String> partition = Map.of("file", file.toString());
    WorkerLab.Answer refused =
        lab.request(
            "PATCH",
            "/connectors/offsets/offsets",
            Map.of(
                "offsets", List.of(Map.of("partition", partition, "offset", Map.of("page", 1)))));
    assertThat(refused.status()).isEqualTo(500);
    assertThat(refused.body().toString()).contains("offset key page is not one of");
    lab.must(
        "PATCH",
        "/connectors/offsets/offsets",
        Map.of(
            "offsets",
            List.of(Map.of("partition", partition, "offset", Map.of("frame", frames.size() - 1)))));
    lab.must("PUT", "/connectors/offsets/resume", null);
    lab.awaitTasks("offsets", 1, "RUNNING");
    lab.await("the end again", () -> endsRead() == 2);
    lab.must("PUT", "/connectors/offsets/stop", null);
    lab.awaitTasks("offsets", 0, "STOPPED");
    int second = lab.read("offsets", first).size() - first;
    assertThat(second).as("the file's last frame, if the filter keeps it").isBetween(0, 1);

    lab.must("DELETE", "/connectors/offsets/offsets", null);
    lab.must("PUT", "/connectors/offsets/resume", null);
    lab.awaitTasks("offsets", 1, "RUNNING");
    assertThat(packets("offsets", 2L * first + second)).hasSize(2 * first + second);
  }

  private static long endsRead() throws IOException {
    return lab.logText()
        .lines()
        .filter(line -> line.contains("offsets.pcapng was read to"))
        .count();
  }
}
