package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Agents on two hosts capture on interfaces of one name into one topic, and each is started twice:
 * the records alone tell the four captures apart, and what each lost.
 */
@Timeout(240)
class TwoHostsIT {
  private static final Path FORWARD = Path.of("src/test/resources/forward.py").toAbsolutePath();
  private static final Path RINGTAP = Path.of("bin/ringtap").toAbsolutePath();

  @TempDir Path directory;

  private final Map<String, TestNetwork> hosts = new HashMap<>();

  /** What the records of one capture tell. */
  private static final class Seen {
    long frames;
    long lost;
  }

  @BeforeEach
  void createHosts() throws IOException {
    Requirements.programs("tcpreplay", "unshare", "python3");
    hosts.put("web-1", TestNetwork.create());
    hosts.put("web-2", TestNetwork.create());
  }

  @AfterEach
  void closeHosts() throws IOException {
    for (TestNetwork each : hosts.values()) {
      each.close();
    }
  }

  /** The broker of one host is reached from the other at the same address. */
  private void startBroker() throws IOException {
    hosts.get("web-1").broker(directory.resolve("broker"));
    String socket = directory.resolve("broker.socket").toString();
    forward("web-1", "listen", socket);
    forward("web-2", "connect", socket);
  }

  private void forward(String host, String side, String socket) throws IOException {
    hosts
        .get(host)
        .start("python3", FORWARD.toString(), side, socket, "127.0.0.1", "9092")
        .await("ready");
  }

  /** Captures on a host whose ring overflows meanwhile; its report. */
  private JsonNode capture(String host, int run, Path traffic) throws IOException {
    TestNetwork network = hosts.get(host);
    Path report = directory.resolve(host + "-" + run + ".json");
    Output capture =
        network.start(
            "unshare",
            "--uts",
            "sh",
            "-c",
            "echo $0 > /proc/sys/kernel/hostname && exec \"$@\"",
            host,
            RINGTAP.toString(),
            "capture",
            "-i",
            TestNetwork.RIGHT,
            "-b",
            "127.0.0.1:9092",
            "-t",
            "packets",
            "-B",
            "2",
            "--report",
            report.toString());
    capture.await("listening on right of host " + host + " since ");
    network.replay(traffic, "--pps=2000", "--limit=" + 200 * run);
    capture.signal("STOP");
    network.replay(traffic, "--topspeed");
    capture.signal("CONT");
    network.replay(traffic, "--pps=2000", "--limit=100");
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    return new ObjectMapper().readTree(report.toFile());
  }

  @Test
  void recordsAloneTellFourCapturesApart() throws IOException {
    startBroker();
    Path traffic = directory.resolve("traffic.pcap");
    CaptureCommandIT.writeTraffic(traffic, 6000, 1500);
    Map<CaptureId, JsonNode> reports = new HashMap<>();
    for (int run = 1; run <= 2; run++) {
      for (String host : new String[] {"web-1", "web-2"}) {
        JsonNode report = capture(host, run, traffic);
        System.out.println(report);
        assertThat(report.get("balances").asBoolean()).isTrue();
        assertThat(report.get("host").asText()).isEqualTo(host);
        JsonNode only = report.get("captures").get(0);
        Instant start = Instant.parse(only.get("captureStarts").get(0).asText());
        reports.put(new CaptureId(host, TestNetwork.RIGHT, start, 0), report);
      }
    }
    assertThat(reports).hasSize(4);

    Path dumped = directory.resolve("dumped.pcapng");
    hosts
        .get("web-2")
        .exec(RINGTAP.toString(), "dump", "--from-beginning", "-e", "-w", dumped.toString());
    Map<CaptureId, Seen> seen = read(dumped);
    assertThat(seen.keySet()).isEqualTo(reports.keySet());
    reports.forEach(
        (capture, report) -> {
          Seen of = seen.get(capture);
          long dropped = report.get("droppedByKernel").asLong();
          assertThat(dropped).as(capture.toString()).isPositive();
          assertThat(of.frames).isEqualTo(report.get("acknowledged").asLong());
          assertThat(of.lost).isEqualTo(dropped - report.get("lostAfterLast").asLong());
        });
  }

  /** What a consumer adds up that knows nothing but the records. */
  private static Map<CaptureId, Seen> read(Path file) throws IOException {
    Map<CaptureId, Seen> seen = new HashMap<>();
    try (CaptureFile records = CaptureFile.open(file)) {
      while (!records.isEnded()) {
        try (Block block = records.poll(1000)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            Seen of = seen.computeIfAbsent(f.capture(), capture -> new Seen());
            of.frames++;
            of.lost += f.lostBefore();
          }
        }
      }
    }
    return seen;
  }
}
