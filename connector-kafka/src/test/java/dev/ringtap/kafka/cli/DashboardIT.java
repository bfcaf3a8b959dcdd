package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard's queries and the alerts, in a Prometheus that scrapes an agent in trouble. */
@Timeout(360)
class DashboardIT {
  private static final Path DIRECTORY = Path.of("..", "docker", "observability").toAbsolutePath();
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Datagrams of this length: so many, at so many a second. */
  private static final String SEND =
      """
      import socket, sys, time
      length, count, rate = map(int, sys.argv[1:])
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for i in range(count):
          s.sendto(b"x" * length, ("10.7.0.2", 9))
          time.sleep(1 / rate)
      """;

  private static final int FOR_EVER = 1_000_000;

  @TempDir Path directory;

  private TestNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("curl", "python3", "prometheus");
    network = TestNetwork.create();
    network.exec("ip", "addr", "add", "10.7.0.1/24", "dev", TestNetwork.LEFT);
    network.exec(
        "ip", "neigh", "add", "10.7.0.2", "lladdr", "02:00:00:00:00:02", "dev", TestNetwork.LEFT);
  }

  @AfterEach
  void closeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  private Output send(int length, int count, int rate) throws IOException {
    return network.start("python3", "-c", SEND, "" + length, "" + count, "" + rate);
  }

  /** An agent whose ring and buffer are soon full, and which cannot deliver long frames. */
  private Output capture(String device) throws IOException {
    return network.ringtap(
        "capture",
        "-i",
        device,
        "--wait",
        "-b",
        "127.0.0.1:9092",
        "-B",
        "2",
        "--block-size",
        "512",
        "-X",
        "max.request.size=4096",
        "-X",
        "batch.size=4096",
        "-X",
        "buffer.memory=65536",
        "--metrics",
        "9464");
  }

  private void startPrometheus() throws IOException {
    Path config =
        Files.writeString(
            directory.resolve("prometheus.yml"),
            """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: [%s]
            scrape_configs:
              - job_name: ringtap
                static_configs: [{targets: ["127.0.0.1:9464"]}]
            """
                .formatted(DIRECTORY.resolve("rules.yaml")));
    network
        .start(
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + directory.resolve("data"),
            "--web.listen-address=127.0.0.1:9090")
        .await("Server is ready to receive web requests");
  }

  /** What Prometheus answers, without errors and warnings. */
  private JsonNode ask(String path, String... parameters) throws IOException {
    Stream<String> curl = Stream.of("curl", "-s", "-G", "http://127.0.0.1:9090/api/v1/" + path);
    Stream<String> query =
        Stream.of(parameters).flatMap(each -> Stream.of("--data-urlencode", each));
    JsonNode answer =
        JSON.readTree(network.exec(Stream.concat(curl, query).toArray(String[]::new)));
    assertThat(answer.get("status").asText()).as(answer.toString()).isEqualTo("success");
    assertThat(answer.has("warnings")).as(answer.toString()).isFalse();
    return answer.get("data");
  }

  private boolean hasResult(String query) throws IOException {
    return !ask("query", "query=" + query).get("result").isEmpty();
  }

  private interface Condition {
    boolean met() throws IOException;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.met()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  /** Waits for an alert, which may be pending: some are for a minute. */
  private void awaitAlert(String name) throws Exception {
    await("alert " + name, () -> hasResult("ALERTS{alertname=\"%s\"}".formatted(name)));
  }

  private static JsonNode dashboard() throws IOException {
    return JSON.readTree(DIRECTORY.resolve("dashboard.json").toFile());
  }

  /** As Grafana fills them in when all is selected. */
  private static List<String> queries() throws IOException {
    return StreamSupport.stream(dashboard().get("panels").spliterator(), false)
        .flatMap(panel -> StreamSupport.stream(panel.get("targets").spliterator(), false))
        .map(
            target ->
                target
                    .get("expr")
                    .asText()
                    .replace("$host", ".*")
                    .replace("$interface", ".*")
                    .replace("$__rate_interval", "1m")
                    .replace("$__range", "30m"))
        .toList();
  }

  @Test
  void everyQueryHasAResultAndEveryFaultItsAlert() throws Exception {
    Output broker = network.broker(directory.resolve("broker"));
    Output capture = capture(TestNetwork.RIGHT);
    capture.await("listening on right");
    startPrometheus();
    send(1400, FOR_EVER, 500);
    await("first scrapes", () -> hasResult("rate(ringtap_frames_captured_total[1m]) > 0"));

    assertThat(send(8000, 1, 1).exitCode(20)).isZero();
    awaitAlert("RingtapFramesNotDelivered");
    capture.signal("STOP");
    assertThat(send(1400, 4000, FOR_EVER).exitCode(60)).isZero();
    capture.signal("CONT");
    awaitAlert("RingtapFramesDropped");
    assertThat(queries()).isNotEmpty().noneMatch(query -> query.contains("$"));
    for (String query : queries()) {
      await("a result of " + query, () -> hasResult(query));
    }
    for (String label : List.of("host", "interface")) {
      assertThat(
              ask("label/" + label + "/values", "match[]=ringtap_capture_start_timestamp_seconds"))
          .as("values of the variable " + label)
          .hasSize(1);
    }

    broker.kill();
    awaitAlert("RingtapBrokerAway");
    awaitAlert("RingtapRingFull");
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "down");
    awaitAlert("RingtapCaptureDown");
    capture.kill();
    awaitAlert("RingtapAgentDown");
    Output waiting = capture("missing*");
    awaitAlert("RingtapNotCapturing");
    await("end of the alert", () -> !hasResult("ALERTS{alertname=\"RingtapBrokerAway\"}"));
    waiting.kill();
    waiting.exitCode(20);
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "up");
    // it never had a broker
    capture(TestNetwork.RIGHT);
    awaitAlert("RingtapBrokerAway");
  }
}
