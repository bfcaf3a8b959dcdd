package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ringtap.record.Packet;
import dev.ringtap.testcontainers.NumberedFrames;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.TestApp;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.MountableFile;

/** A Connect worker in its container, told by REST what to do. */
@Timeout(240)
@RequiresImages({"agent", "kafka", "connect"})
class ConnectImageIT {
  private static final String CONNECTOR = "dev.ringtap.kafka.connect.PacketSourceConnector";
  private static final String FILE = "/data/frames.pcapng";
  private static final int FRAMES = 500;
  private static final Duration START = Duration.ofSeconds(120);

  private static Network network;
  private static KafkaBroker kafka;
  private static TestApp app;
  private static GenericContainer<?> worker;
  private static Rest rest;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    Path file = NumberedFile.write(directory.resolve("frames.pcapng"), NumberedFile.frames(FRAMES));
    network = Network.newNetwork();
    kafka = new KafkaBroker(network);
    // The worker shares the application's network; what it listens on is the application's, too.
    app =
        new TestApp()
            .withNetwork(network)
            .withExposedPorts(8083)
            .waitingFor(Wait.forSuccessfulCommand("true"));
    Stream.of(kafka, app).parallel().forEach(each -> each.start());
    worker =
        new GenericContainer<>(TestApp.image("connect"))
            .withNetworkMode("container:" + app.getContainerId())
            .withEnv("CONNECT_BOOTSTRAP_SERVERS", KafkaBroker.INSIDE)
            .withEnv("CONNECT_LISTENERS", "http://0.0.0.0:8083")
            .withCopyFileToContainer(MountableFile.forHostPath(file, 0644), FILE)
            .waitingFor(Wait.forHealthcheck().withStartupTimeout(START));
    worker.start();
    rest = new Rest(app, 8083);
  }

  @AfterAll
  static void stop() throws Exception {
    for (AutoCloseable each : new AutoCloseable[] {worker, app, kafka, network}) {
      if (each != null) {
        each.close();
      }
    }
  }

  private static void create(String topic, String... more) throws Exception {
    Map<String, String> config = new HashMap<>();
    config.put("connector.class", CONNECTOR);
    config.put("topic", topic);
    config.put("value.format", "avro");
    config.put("topic.creation.default.partitions", "1");
    config.put("topic.creation.default.replication.factor", "1");
    for (int i = 0; i < more.length; i += 2) {
      config.put(more[i], more[i + 1]);
    }
    rest.post("/connectors", Map.of("name", topic, "config", config));
    Rest.await(
        "running task of " + topic,
        () -> {
          JsonNode tasks = rest.get("/connectors?expand=status").at("/" + topic + "/status/tasks");
          return tasks.size() == 1 && tasks.get(0).get("state").asText().equals("RUNNING");
        });
  }

  @Test
  void hasThePlugin() throws Exception {
    assertThat(rest.get("/connector-plugins").findValuesAsText("class")).contains(CONNECTOR);
  }

  @Test
  void bringsAFileIntoATopic() throws Exception {
    create("file", "file", FILE);
    Rest.await("frames of the file", () -> Topic.packets(kafka.outside(), "file").size() == FRAMES);

    List<Packet> packets = Topic.packets(kafka.outside(), "file");
    assertThat(packets.stream().map(packet -> packet.getPayload().array()))
        .containsExactlyElementsOf(NumberedFile.frames(FRAMES));
  }

  @Test
  void bringsTheRingIntoATopic() throws Exception {
    create("ring", "interface", "eth0", "filter", NumberedFrames.FILTER);
    Rest.await(
        "first frame of the ring",
        () -> {
          NumberedFrames.send(app, 0, 0);
          return topicExists("ring");
        });
    NumberedFrames.send(app, 1, FRAMES);

    Rest.await("frames of the ring", () -> numbers("ring").contains(FRAMES));
    assertThat(numbers("ring")).isEqualTo(NumberedFrames.upTo(FRAMES));
  }

  private static boolean topicExists(String topic) {
    try {
      return !Topic.packets(kafka.outside(), topic).isEmpty();
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  /** Without the zeros, which were sent before anybody was known to listen. */
  private static List<Integer> numbers(String topic) throws IOException {
    return Topic.numbers(Topic.packets(kafka.outside(), topic)).stream()
        .filter(number -> number != 0)
        .toList();
  }
}
