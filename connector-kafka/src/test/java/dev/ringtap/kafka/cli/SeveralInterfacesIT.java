package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One command on several wires, of which some come and go. */
@Timeout(180)
class SeveralInterfacesIT {
  private static final int FRAMES = 20_000;

  /** Arguments: the wire's number, how many frames, and the pause after each ten. */
  private static final String SENDER =
      """
      import socket, sys, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for i in range(int(sys.argv[2])):
          s.sendto(i.to_bytes(8, "big") * 10, ("10.7.%s.2" % sys.argv[1], 9))
          if i % 10 == 9:
              time.sleep(float(sys.argv[3]))
      print("sent", flush=True)
      """;

  @TempDir Path directory;

  private TestNetwork network;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.programs("python3");
    network = TestNetwork.create();
  }

  @AfterEach
  void closeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  private void makeWire(int number) throws IOException {
    String commands =
        """
        link add l%1$d type veth peer name tap%1$d
        link set l%1$d up
        link set tap%1$d up
        addr add 10.7.%1$d.1/24 dev l%1$d
        neigh add 10.7.%1$d.2 lladdr 02:00:00:00:00:02 dev l%1$d
        """
            .formatted(number);
    for (String each : commands.lines().toList()) {
      network.exec(("ip " + each).split(" "));
    }
  }

  private Output send(int wire, int frames, String pause) throws IOException {
    return network.start(
        "python3", "-c", SENDER, Integer.toString(wire), Integer.toString(frames), pause);
  }

  private Output capture(Path report, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("capture", "--wait", "--report", report.toString()));
    // a block that is not full takes its part of the ring too: room for a reader that stalls
    all.addAll(List.of("--retire-timeout", "500"));
    all.addAll(List.of(arguments));
    return network.ringtap(all.toArray(String[]::new));
  }

  private static List<JsonNode> capturesOf(JsonNode report, String name) {
    List<JsonNode> captures = new ArrayList<>();
    report.get("captures").forEach(captures::add);
    captures.removeIf(each -> !each.get("interface").asText().equals(name));
    return captures;
  }

  private static long sum(Iterable<JsonNode> captures, String field) {
    long sum = 0;
    for (JsonNode each : captures) {
      sum += each.get(field).asLong();
    }
    return sum;
  }

  /** By name, a capture outlives its interface; by a pattern, each time is a capture of its own. */
  @ParameterizedTest
  @ValueSource(strings = {"tap0,tap1,tap2", "tap*"})
  void oneIsRemovedAndMadeAgainUnderLoad(String interfaces) throws Exception {
    boolean named = interfaces.startsWith("tap0");
    for (int i = 0; i < 3; i++) {
      makeWire(i);
    }
    network.broker(directory.resolve("broker"));
    Path report = directory.resolve("report.json");
    Output capture = capture(report, "-i", interfaces, "-b", "127.0.0.1:9092", "udp port 9");
    for (int i = 0; i < 3; i++) {
      capture.await("listening on tap" + i + " ");
    }
    Output first = send(0, FRAMES, "0.003");
    Output second = send(1, FRAMES, "0.003");
    for (int i = 0; i < 3; i++) {
      send(2, 300, "0.001").await("sent");
      network.exec("ip", "link", "del", "tap2");
      // a name that is there again at once would hide that it was away
      capture.await(named ? "waiting for it" : "its capture ended interface=tap2", i + 1);
      makeWire(2);
      capture.await(named ? "interface is back" : "its capture starts interface=tap2", i + 1);
    }
    send(2, 300, "0.001").await("sent");
    first.await("sent");
    second.await("sent");
    capture.terminate();
    assertThat(capture.exitCode(40)).as(capture.text()).isZero();

    JsonNode total = new ObjectMapper().readTree(report.toFile());
    assertThat(total.get("captures"))
        .as(total.toString())
        .hasSize(named ? 3 : 6)
        .allMatch(each -> each.get("balances").asBoolean());
    for (String field : List.of("offered", "droppedByKernel", "captured", "acknowledged")) {
      assertThat(total.get(field).asLong()).isEqualTo(sum(total.get("captures"), field));
    }
    for (String name : List.of("tap0", "tap1")) {
      assertThat(sum(capturesOf(total, name), "acknowledged"))
          .as(name + " of " + total)
          .isEqualTo(FRAMES);
    }
    // what is sent while an interface is opened or removed may be lost, and is not counted
    assertThat(sum(capturesOf(total, "tap2"), "acknowledged")).isBetween(300L, 1200L);
    assertThat(capture.text()).contains("tap0: offered " + FRAMES + " = 0 dropped");
  }

  /** Fifty at a time, under load on another: no frame of that is lost, and every ledger adds up. */
  @Test
  void fiftyComeAndGo() throws Exception {
    makeWire(0);
    Path report = directory.resolve("report.json");
    Output capture =
        capture(
            report,
            "-i",
            "tap*",
            "-B",
            "16",
            "-w",
            directory.resolve("all.pcapng").toString(),
            "udp port 9");
    capture.await("listening on tap0 ");
    Output sender = send(0, FRAMES, "0.003");
    StringBuilder make = new StringBuilder();
    StringBuilder remove = new StringBuilder();
    for (int i = 1; i <= 50; i++) {
      make.append("link add l%1$d type veth peer name tap%1$d\n".formatted(i));
      make.append("link set l%1$d up\nlink set tap%1$d up\n".formatted(i));
      remove.append("link del tap%d\n".formatted(i));
    }
    for (int round = 1; round <= 3; round++) {
      network.exec("sh", "-c", "printf '%s' '" + make + "' | ip -batch -");
      // the last one is there when all of them are
      capture.await("its capture starts interface=tap50 ", round);
      network.exec("sh", "-c", "printf '%s' '" + remove + "' | ip -batch -");
      capture.await("its capture ended interface=tap50 ", round);
    }
    sender.await("sent");
    capture.terminate();
    assertThat(capture.exitCode(60)).as(capture.text()).isZero();
    JsonNode total = new ObjectMapper().readTree(report.toFile());
    assertThat(total.get("captures"))
        .hasSize(1 + 3 * 50)
        .allMatch(each -> each.get("balances").asBoolean());
    assertThat(sum(capturesOf(total, "tap0"), "writtenToFile"))
        .as(capturesOf(total, "tap0").toString())
        .isEqualTo(FRAMES);
    assertThat(capture.text()).doesNotContain("ERROR", "WARNING");
  }
}
