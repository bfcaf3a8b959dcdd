package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.kafka.monitor.Scrape;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a whole command tells those who watch it. */
@Timeout(120)
class MonitoringIT {
  private static final String TWO_HUNDRED_FRAMES =
      """
      import socket
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for i in range(200):
          s.sendto(b"x" * 100, ("10.7.0.2", 9))
      """;

  /** More clients than there may be, each of which begins a request and never ends it. */
  private static final String SLOW_CLIENTS =
      """
      import socket
      clients = [socket.create_connection(("127.0.0.1", 9464)) for i in range(40)]
      for each in clients:
          try:
              each.send(b"GET /metrics HTTP/1.1\\r\\nX-Slow: ")
          except OSError:
              pass
      print("all wait", flush=True)
      for each in clients:
          try:
              while each.recv(1000):
                  pass
          except OSError:
              pass
      print("all are closed", flush=True)
      """;

  @TempDir Path directory;

  private TestNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("curl", "python3");
    network = TestNetwork.create();
  }

  @AfterEach
  void closeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  private String get(String path) throws IOException {
    return network.exec("curl", "-s", "-w", "%{http_code}", "http://127.0.0.1:9464" + path).strip();
  }

  private void assertLive() throws IOException {
    assertThat(get("/livez")).startsWith("ok ").endsWith("200").doesNotContain("FAIL");
  }

  private void awaitReady(boolean ready, String line) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    String answer = get("/readyz");
    while (!answer.contains(line) || !answer.endsWith(ready ? "200" : "503")) {
      assertThat(System.nanoTime()).as(line + " is not in\n" + answer).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(100);
      answer = get("/readyz");
    }
    assertThat(answer.lines().filter(each -> each.startsWith("FAIL ")).count())
        .as(answer)
        .isEqualTo(ready ? 0 : 1);
    assertLive();
  }

  private Scrape scrape() throws IOException {
    return Scrape.of(network.exec("curl", "-sf", "http://127.0.0.1:9464/metrics"));
  }

  @Test
  void whatIsMissingLooksDifferentFromWhatIsAway() throws Exception {
    network.exec("ip", "link", "del", TestNetwork.RIGHT);
    Output capture =
        network.ringtap(
            "capture",
            "-i",
            TestNetwork.RIGHT,
            "-b",
            "127.0.0.1:9092",
            "--wait",
            "--drain-timeout",
            "1",
            "--metrics",
            "9464",
            "-X",
            "metadata.max.age.ms=1000",
            "-X",
            "request.timeout.ms=3000",
            "udp");
    capture.await("metrics at http://127.0.0.1:9464/metrics, for this host alone");
    awaitReady(false, "FAIL starting: waits for interface right");
    network.makeWire();
    capture.await("listening on right");
    awaitReady(false, "FAIL kafka: not reached yet");
    Output broker = network.broker(directory.resolve("broker"));
    awaitReady(true, "ok kafka: answers");
    network.exec("python3", "-c", TWO_HUNDRED_FRAMES);
    capture.await("frames are sent topic=packets");

    network.exec("ip", "link", "set", TestNetwork.RIGHT, "down");
    awaitReady(false, "FAIL interface right: down");
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "up");
    awaitReady(true, "ok interface right: up");
    Scrape before = scrape();
    assertThat(before.sum("ringtap_frames_captured_total")).isEqualTo(200);
    assertThat(before.text()).contains("filter=\"udp\"");

    network.exec("ip", "link", "del", TestNetwork.RIGHT);
    awaitReady(false, "FAIL interface right: missing");
    scrape().assertAddsUpAfter(before);
    network.makeWire();
    awaitReady(true, "ok interface right: up");
    network.exec("python3", "-c", TWO_HUNDRED_FRAMES);
    capture.await("interface is back");
    Scrape after = scrape();
    while (after.sum("ringtap_frames_acknowledged_total") < 400) {
      TimeUnit.MILLISECONDS.sleep(100);
      after = scrape();
    }
    after.assertAddsUpAfter(before);
    assertThat(after.sum("ringtap_frames_offered_total")).isEqualTo(400);

    // one that hangs still takes connections
    broker.signal("STOP");
    awaitReady(false, "FAIL kafka: no broker has answered for ");
    broker.signal("CONT");
    awaitReady(true, "ok kafka: answers");
    broker.kill();
    awaitReady(false, "FAIL kafka: no broker is connected");
    capture.terminate();
    assertThat(capture.exitCode(30)).as(capture.text()).isZero();
  }

  @Test
  void requestsThatNeverEndHoldNothing() throws Exception {
    Output capture =
        network.ringtap(
            "capture",
            "-i",
            TestNetwork.RIGHT,
            "-w",
            directory.resolve("out.pcapng").toString(),
            "--metrics",
            "9464");
    capture.await("listening on right");
    network.exec("ip", "addr", "add", "10.7.0.1/24", "dev", TestNetwork.LEFT);
    network.exec(
        "ip", "neigh", "add", "10.7.0.2", "lladdr", "02:00:00:00:00:02", "dev", TestNetwork.LEFT);
    Output clients = network.start("python3", "-c", SLOW_CLIENTS);
    clients.await("all wait");
    network.exec("python3", "-c", TWO_HUNDRED_FRAMES);
    clients.await("all are closed");
    assertThat(scrape().sum("ringtap_frames_captured_total")).isEqualTo(200);
    capture.terminate();
    assertThat(capture.exitCode(20)).as(capture.text()).isZero();
    assertThat(capture.text()).contains("captured 200 = 200 acknowledged");
  }

  @Test
  void aTakenPortEndsTheCommandBeforeItCaptures() throws Exception {
    Output first = capture("0.0.0.0:9464");
    first.await("metrics at http://0.0.0.0:9464/metrics, for every host that reaches that address");
    Output second = capture("9464");
    assertThat(second.exitCode(20)).isEqualTo(1);
    assertThat(second.text())
        .isEqualTo(
            "ringtap: cannot serve metrics on 127.0.0.1:9464: address already in use; choose"
                + " another address with --metrics\n");
  }

  private Output capture(String metrics) throws IOException {
    return network.ringtap(
        "capture", "-i", TestNetwork.RIGHT, "-w", "/dev/null", "--metrics", metrics);
  }

  /** The JDK closes the log when a signal comes. */
  @Test
  void aSignalDoesNotEndTheLogBeforeTheLedger() throws Exception {
    Output capture =
        network.ringtap(
            "capture", "-i", TestNetwork.RIGHT, "-w", "/dev/null", "--log-format", "json");
    capture.await("capture started");
    capture.signal("TERM");
    assertThat(capture.exitCode(20)).isZero();
    assertThat(capture.text()).contains("\"message\":\"capture ended\"");
  }

  /** Every line, from the first to the last, with what the ledger says. */
  @Test
  void aLogInJsonHasNothingElse() throws Exception {
    Output capture =
        network.ringtap(
            "capture",
            "-i",
            TestNetwork.RIGHT,
            "-w",
            "/dev/null",
            "--log-format",
            "json",
            "--metrics",
            "9464");
    capture.await("capture started");
    capture.signal("USR1");
    capture.await("capture flushed");
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "down");
    capture.await("went down");
    network.exec("ip", "link", "del", TestNetwork.RIGHT);
    assertThat(capture.exitCode(20)).isEqualTo(1);
    List<JsonNode> events = new ArrayList<>();
    for (String line : capture.text().lines().toList()) {
      events.add(new ObjectMapper().readTree(line));
    }
    assertThat(events)
        .allSatisfy(
            each -> assertThat(each.get("time").asText()).matches("20\\d\\d-.*[+-]\\d\\d:\\d\\d"));
    assertThat(events)
        .anySatisfy(
            each -> {
              assertThat(each.get("level").asText()).isEqualTo("ERROR");
              assertThat(each.get("message").asText()).contains("interface right was removed");
            });
    JsonNode last = events.get(events.size() - 1);
    assertThat(last.get("message").asText()).isEqualTo("capture ended");
    assertThat(last.get("captured").isIntegralNumber()).isTrue();
    assertThat(last.get("balances").asText()).isEqualTo("true");
  }
}
