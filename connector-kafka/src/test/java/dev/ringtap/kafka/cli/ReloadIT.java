package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** SIGHUP: the configuration file is read again under load. */
@Timeout(180)
class ReloadIT {
  /** Version 2.4, 262,144 bytes of a frame at most, Ethernet. */
  private static final String PCAP_HEADER = "d4c3b2a10200040000000000000000000000040001000000";

  private static final int ROUNDS = 20_000;

  /** To four ports by turns; the payload is the frame's number. */
  private static final String SENDER =
      """
      import socket, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for i in range(%d):
          for port in (9, 10, 11, 12):
              s.sendto(b"x" * 100, ("10.7.0.2", port))
          if i %% 10 == 9:
              time.sleep(0.003)
      print("sent", flush=True)
      """
          .formatted(ROUNDS);

  private static final String TEN_ROUNDS = SENDER.replace("range(" + ROUNDS, "range(10");

  @TempDir Path directory;

  private TestNetwork network;
  private Path config;

  @BeforeEach
  void createNetwork() throws IOException {
    Requirements.libpcap();
    Requirements.programs("python3", "tcpdump", "tshark");
    network = TestNetwork.create();
    network.exec("ip", "addr", "add", "10.7.0.1/24", "dev", TestNetwork.LEFT);
    network.exec(
        "ip", "neigh", "add", "10.7.0.2", "lladdr", "02:00:00:00:00:02", "dev", TestNetwork.LEFT);
    config = directory.resolve("agent.yaml");
  }

  @AfterEach
  void closeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  /** Whole or not at all, as an editor writes it. */
  private void write(String... lines) throws IOException {
    Path next = directory.resolve("next");
    Files.writeString(next, "interface: right\n" + String.join("\n", lines) + "\n");
    Files.move(next, config, StandardCopyOption.ATOMIC_MOVE);
  }

  private Output capture(String... arguments) throws IOException {
    // whatever the signal does where the tests run
    Output capture = start("--default-signal=HUP", arguments);
    capture.await("listening on right ");
    return capture;
  }

  private Output start(String signal, String... arguments) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "env",
                signal,
                Launcher.SCRIPT.toString(),
                "capture",
                "--config",
                config.toString(),
                "--report",
                report().toString()));
    all.addAll(List.of(arguments));
    return network.start(all.toArray(String[]::new));
  }

  private Path report() {
    return directory.resolve("report.json");
  }

  private JsonNode end(Output capture) throws IOException {
    capture.terminate();
    assertThat(capture.exitCode(40)).as(capture.text()).isZero();
    return new ObjectMapper().readTree(report().toFile());
  }

  private static long count(Path file, String filter) throws IOException {
    return TestNetwork.run("tcpdump", "--count", "-r", file.toString(), filter)
        .lines()
        .filter(line -> line.endsWith(" packets") || line.endsWith(" packet"))
        .mapToLong(line -> Long.parseLong(line.split(" ")[0]))
        .sum();
  }

  /** A field of each frame. */
  private static List<String> fields(Path file, String name) throws IOException {
    return TestNetwork.run("tshark", "-r", file.toString(), "-T", "fields", "-e", name)
        .lines()
        // it warns of being root
        .filter(line -> Character.isDigit(line.charAt(0)))
        .toList();
  }

  /**
   * What both filters keep is there, what neither keeps is not. What only one keeps is sure to be
   * there if it comes out of the ring before the next change.
   */
  @Test
  void filtersChangeUnderLoadAndNoFrameIsLost() throws Exception {
    Path file = directory.resolve("out.pcapng");
    write("filter: udp dst port 9 or udp dst port 10");
    Output capture = capture("-w", file.toString(), "--retire-timeout", "500");
    network.exec("python3", "-c", TEN_ROUNDS);
    capture.userSignal();
    capture.await("so far: offered 20 = 0");
    Output sender = network.start("python3", "-c", SENDER);
    for (int i = 0; i < 200; i++) {
      write("filter: udp dst port 9 or udp dst port " + (10 + (i + 1) % 2));
      capture.signal("HUP");
    }
    sender.await("sent");
    capture.await("changed=filter");
    write("filter: udp dst port 9 or udp dst port 11", "log-level: debug");
    capture.signal("HUP");
    capture.await("changed=filter,log-level");
    network.exec("python3", "-c", TEN_ROUNDS);
    JsonNode ledger = end(capture);

    assertThat(ledger.get("droppedByKernel").asLong()).isZero();
    assertThat(count(file, "udp dst port 9")).isEqualTo(ROUNDS + 2 * 10);
    assertThat(count(file, "udp dst port 12")).isZero();
    assertThat(count(file, "udp dst port 10")).isPositive();
    assertThat(count(file, "udp dst port 11")).isPositive();
    assertThat(ledger.get("balances").asBoolean()).isTrue();
  }

  /** The producer is another one, and no record is lost or out of order. */
  @Test
  void producersChangeUnderLoadAndNoFrameIsLost() throws Exception {
    network.broker(directory.resolve("broker"));
    String[] settings = {
      "bootstrap-server: 127.0.0.1:9092",
      "partitions: 1",
      "filter: udp dst port 9",
      "producer-property:",
      "  linger.ms: 1"
    };
    write(settings);
    Output capture = capture("--retire-timeout", "500");
    Output sender = network.start("python3", "-c", SENDER);
    for (int i = 1; i <= 5; i++) {
      settings[4] = "  linger.ms: " + (1 + i);
      write(settings);
      capture.signal("HUP");
      capture.await("changed=producer-property", i);
    }
    settings[4] = "  acks: 7";
    write(settings);
    capture.signal("HUP");
    capture.await("the configuration is wrong, and the rest of it stays as it was");
    sender.await("sent");
    JsonNode ledger = end(capture);

    assertThat(ledger.get("acknowledged").asLong()).as(capture.text()).isEqualTo(ROUNDS);
    Path file = directory.resolve("topic.pcapng");
    Output dump =
        network.ringtap(
            "dump", "--from-beginning", "--end", "-b", "127.0.0.1:9092", "-w", file.toString());
    assertThat(dump.exitCode(60)).as(dump.text()).isZero();
    assertThat(fields(file, "frame.time_epoch")).hasSize(ROUNDS).isSorted();
    assertThat(capture.text()).contains("acks");
  }

  @Test
  void aSignalThatIsIgnoredIsTold() throws Exception {
    write("filter: udp");
    Output capture = start("--ignore-signal=HUP", "-w", "/dev/null");
    capture.await("SIGHUP is ignored, as nohup wants it: " + config + " is not read again");
    // before that, SIGTERM ends it at once
    capture.await("listening on right ");
    end(capture);
  }

  @Test
  void aSignalWhileTheInterfaceIsMissingIsServedOnceItIsThere() throws Exception {
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "down");
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "name", "away");
    write("wait: true", "filter: udp dst port 9");
    Output capture = start("--default-signal=HUP", "-w", "/dev/null");
    capture.await("waiting for an interface interface=right");
    write("wait: true", "filter: udp dst port 10 or udp dst port 11");
    capture.signal("HUP");
    capture.userSignal();
    network.exec("ip", "link", "set", "away", "name", TestNetwork.RIGHT);
    network.exec("ip", "link", "set", TestNetwork.RIGHT, "up");
    capture.await("listening on right ");
    capture.await("configuration was read again changed=filter");
    network.exec("python3", "-c", TEN_ROUNDS);
    JsonNode ledger = end(capture);

    assertThat(ledger.get("captured").asLong()).as(capture.text()).isEqualTo(20);
  }

  @Test
  void whatCannotChangeStaysAndIsNamed() throws Exception {
    Path file = directory.resolve("out.pcapng");
    write("snap-length: 200", "ring-size: 8", "log-level: info");
    Output capture = capture("-w", file.toString());
    network.exec("python3", "-c", TEN_ROUNDS);
    write("snap-length: 60", "ring-size: 16", "topic: other", "log-level: debug");
    capture.signal("HUP");
    capture.await("configuration was read again changed=log-level,snap-length");
    capture.await("start again to change the other options options=ring-size,topic");
    network.exec("python3", "-c", TEN_ROUNDS);
    write("snap-length: 60", "ring-size: 16", "topc: other");
    capture.signal("HUP");
    capture.await("line 4: no option is named 'topc'; the nearest is topic");
    JsonNode ledger = end(capture);

    assertThat(ledger.get("captured").asLong()).isEqualTo(80);
    assertThat(count(file, "len > 100")).isEqualTo(80);
    List<String> lengths = new ArrayList<>(Collections.nCopies(40, "142"));
    lengths.addAll(Collections.nCopies(40, "60"));
    assertThat(fields(file, "frame.cap_len")).isEqualTo(lengths);
  }

  @Test
  void aReplayKeepsItsFilterAndSaysSo() throws Exception {
    Path pipe = directory.resolve("pipe.pcap");
    TestNetwork.run("mkfifo", pipe.toString());
    Files.writeString(config, "filter: udp\n");
    Output capture = start("--default-signal=HUP", "-r", pipe.toString(), "-w", "/dev/null");
    try (OutputStream feed = Files.newOutputStream(pipe)) {
      feed.write(HexFormat.of().parseHex(PCAP_HEADER));
      feed.flush();
      capture.await("replaying " + pipe);
      Files.writeString(config, "filter: tcp\n");
      capture.signal("HUP");
      capture.await("start again to change the other options options=filter");
    }
    assertThat(capture.exitCode(40)).as(capture.text()).isZero();
    assertThat(capture.text()).doesNotContain("ERROR");
  }
}
