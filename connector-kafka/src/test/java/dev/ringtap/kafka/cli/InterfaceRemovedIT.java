package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.testkit.Requirements;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command when its interface goes away under traffic, and when it captures on all of them. */
@Timeout(60)
class InterfaceRemovedIT {
  private static final String SENDER =
      """
      import socket, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      while True:
          s.sendto(b"x" * 100, ("10.7.0.2", 9))
          time.sleep(0.001)
      """;

  private static final String TWO_HUNDRED_FRAMES =
      """
      import socket
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      for i in range(200):
          s.sendto(b"x" * 100, ("10.7.0.2", 9))
      """;

  @TempDir Path directory;

  @Test
  void removedInterfaceEndsTheRunAndItsLedgerAddsUp() throws Exception {
    JsonNode ledger = run(TestNetwork.RIGHT, true);
    assertThat(ledger.get("failure").asText())
        .contains("interface right was removed, or moved to another network namespace");
  }

  /** Missing at the start, removed under traffic, made again: one run, two workers. */
  @Test
  void waitsForItsInterface() throws Exception {
    Path report = directory.resolve("report.json");
    Path file = directory.resolve("out.pcapng");
    try (TestNetwork network = TestNetwork.create()) {
      network.exec("ip", "link", "del", TestNetwork.RIGHT);
      Output capture =
          network.ringtap(
              "capture",
              "-i",
              TestNetwork.RIGHT,
              "--wait",
              "--immediate",
              "--workers",
              "2",
              "-w",
              file.toString(),
              "--report",
              report.toString(),
              "udp port 9");
      capture.await(
          "waiting for an interface interface=right reason=\"no interface is named 'right'");
      network.makeWire();
      capture.await("listening on right");
      network.exec("python3", "-c", TWO_HUNDRED_FRAMES);
      network.exec("ip", "link", "del", TestNetwork.RIGHT);
      capture.await("waiting for it");
      network.makeWire();
      capture.await("interface is back, capture goes on interface=right");
      network.exec("python3", "-c", TWO_HUNDRED_FRAMES);
      capture.terminate();
      assertThat(capture.exitCode(20)).as(capture.text()).isZero();
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      assertThat(ledger.get("captured").asLong()).as(ledger.toString()).isEqualTo(400);
      assertThat(ledger.get("offered").asLong()).isEqualTo(400);
      assertThat(ledger.get("writtenToFile").asLong()).isEqualTo(400);
      assertThat(ledger.get("balances").asBoolean()).isTrue();
    }
  }

  /** One link type and one interface throughout, so that tcpdump reads the file. */
  @Test
  void anyWritesAFileThatTcpdumpReads() throws Exception {
    Requirements.programs("tcpdump");
    JsonNode ledger = run("any", false);
    String lines =
        TestNetwork.run("tcpdump", "-n", "-r", directory.resolve("out.pcapng").toString());
    assertThat(lines).contains("link-type LINUX_SLL2", "UDP, length 100");
    assertThat(lines.lines().filter(line -> line.contains("UDP, length 100")).count())
        .isGreaterThan(1)
        .isLessThanOrEqualTo(ledger.get("captured").asLong());
  }

  private JsonNode run(String interfaceName, boolean remove) throws Exception {
    Path report = directory.resolve("report.json");
    try (TestNetwork network = TestNetwork.create()) {
      network.exec("ip", "addr", "add", "10.7.0.1/24", "dev", TestNetwork.LEFT);
      network.exec(
          "ip", "neigh", "add", "10.7.0.2", "lladdr", "02:00:00:00:00:02", "dev", TestNetwork.LEFT);
      Output capture =
          network.ringtap(
              "capture",
              "-i",
              interfaceName,
              "-w",
              directory.resolve("out.pcapng").toString(),
              "--report",
              report.toString());
      capture.await("listening on " + interfaceName);
      network.start("python3", "-c", SENDER);
      // some for certain, however long the other takes to begin
      network.exec("python3", "-c", TWO_HUNDRED_FRAMES);
      Thread.sleep(200);
      if (remove) {
        network.exec("ip", "link", "del", TestNetwork.RIGHT);
      } else {
        capture.terminate();
      }
      assertThat(capture.exitCode(20)).as(capture.text()).isEqualTo(remove ? 1 : 0);
      JsonNode ledger = new ObjectMapper().readTree(report.toFile());
      assertThat(ledger.get("captured").asLong()).as(ledger.toString()).isPositive();
      assertThat(ledger.get("offered").asLong())
          .isEqualTo(ledger.get("droppedByKernel").asLong() + ledger.get("captured").asLong());
      assertThat(ledger.get("writtenToFile").asLong()).isEqualTo(ledger.get("captured").asLong());
      assertThat(ledger.get("balances").asBoolean()).as(ledger.toString()).isTrue();
      return ledger;
    }
  }
}
