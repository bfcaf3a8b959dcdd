package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.Block;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.bytebuddy.ByteBuddy;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whatever is thrown, wherever: the sources stop, the sinks finish, the ledger is printed, and the
 * process ends.
 */
@Timeout(180)
class InjectedFaultIT {
  private static final String BROKER = "127.0.0.1:9092";
  private static final int FRAMES = 400;
  private static final List<String> THROWN =
      List.of("java.lang.InternalError", "java.lang.RuntimeException");

  /** Sooner than any drain timeout that is not the one given. */
  private static final int END_SECONDS = 45;

  @TempDir Path directory;

  private static TestNetwork network;
  private static int runs;

  private Path traffic;
  private Path report;
  private Path written;

  @BeforeAll
  static void createNetwork(@TempDir Path broker) throws IOException {
    Requirements.programs("tcpreplay");
    network = TestNetwork.create();
    network.broker(broker);
  }

  @AfterAll
  static void closeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  @BeforeEach
  void createTraffic() throws IOException {
    traffic = directory.resolve("traffic.pcap");
    report = directory.resolve("report.json");
    written = directory.resolve("written.pcapng");
    CaptureCommandIT.writeTraffic(traffic, FRAMES, 500);
  }

  private Output start(String where, String thrown, boolean live, String... more)
      throws IOException {
    String[] place = where.split("[#@]");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // also on a JDK that Byte Buddy does not know yet
                "-Dnet.bytebuddy.experimental=true",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                String.join(
                    ":",
                    Path.of("target", "connector-kafka.jar").toAbsolutePath().toString(),
                    Path.of("target", "test-classes").toAbsolutePath().toString(),
                    Path.of(
                            ByteBuddy.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .getPath())
                        .toString()),
                FaultInjector.class.getName(),
                "dev.ringtap." + place[0],
                place[1],
                place[2],
                thrown,
                "capture",
                "-b",
                BROKER,
                "-w",
                written.toString(),
                "--report",
                report.toString(),
                "--drain-timeout",
                "20"));
    command.addAll(List.of(more));
    // a loaded machine may take longer than the 15 s that a start without --wait gives the broker
    command.addAll(live ? List.of("-i", TestNetwork.RIGHT, "--wait") : List.of("-r", "-"));
    return network.start(command.toArray(String[]::new));
  }

  /** All frames come, and the source would go on. */
  private void feed(Output capture, boolean live) throws IOException {
    if (live) {
      capture.await("listening on right");
      network.replay(traffic, "--topspeed");
    } else {
      OutputStream in = capture.input();
      in.write(Files.readAllBytes(traffic));
      in.flush();
    }
  }

  /** The report, which must add up and agree with topic and file. */
  private JsonNode ledger(String topic) throws IOException {
    JsonNode ledger = new ObjectMapper().readTree(report.toFile());
    assertThat(ledger.get("balances").asBoolean()).as(ledger.toString()).isTrue();
    assertThat(recordsIn(topic))
        .as(ledger.toString())
        .isEqualTo(ledger.get("acknowledged").asLong());
    assertThat(framesWritten())
        .as(ledger.toString())
        .isEqualTo(ledger.get("writtenToFile").asLong());
    return ledger;
  }

  private long recordsIn(String topic) throws IOException {
    return network
        .exec(Launcher.SCRIPT.toString(), "dump", "-t", topic, "--from-beginning", "-e")
        .lines()
        .count();
  }

  private long framesWritten() throws IOException {
    try (CaptureFile file = CaptureFile.open(written)) {
      for (Block block = file.poll(1000); block != null; block = file.poll(1000)) {
        block.close();
      }
      return file.statistics().captured();
    }
  }

  /**
   * The place, what has every captured frame all the same, what has at least those before the
   * fault, and whether the capture is live.
   */
  @ParameterizedTest
  @CsvSource({
    "record.BlockEncoder#encode@2, writtenToFile, acknowledged, true",
    "record.BlockEncoder#encode@2, writtenToFile, acknowledged, false",
    "kafka.agent.KafkaSink#send@50, writtenToFile, acknowledged, true",
    "kafka.agent.KafkaSink#send@50, writtenToFile, acknowledged, false",
    "kafka.agent.FileSink#write@50, acknowledged, writtenToFile, true",
    "kafka.agent.FileSink#write@50, acknowledged, writtenToFile, false",
    "kafka.agent.PacketPump#pump@1, , , true",
    "kafka.agent.PacketPump#pump@1, , , false",
  })
  void faultWhereFramesPassEndsTheRun(String where, String whole, String cut, boolean live)
      throws IOException {
    for (String thrown : THROWN) {
      String topic = "run" + runs++;
      Output capture = start(where, thrown, live, "-t", topic);
      feed(capture, live);
      assertThat(capture.exitCode(END_SECONDS)).as(capture.text()).isEqualTo(1);
      assertThat(capture.text()).contains(thrown, "packets captured", "not delivered");
      JsonNode ledger = ledger(topic);
      // a source that is stopped reads no further block
      long captured = ledger.get("captured").asLong();
      assertThat(captured).isBetween(whole == null ? 1L : 50, (long) FRAMES);
      if (whole != null) {
        assertThat(ledger.get(whole).asLong()).as(ledger.toString()).isEqualTo(captured);
        assertThat(ledger.get(cut).asLong()).as(ledger.toString()).isBetween(49L, captured - 1);
      }
      assertThat(ledger.get("failure").asText()).contains(thrown);
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void faultInTheRegistryEndsTheStart(boolean live) throws IOException {
    for (String thrown : THROWN) {
      Output capture =
          start(
              "registry.SchemaTarget#register@1", thrown, live, "--registry", "http://127.0.0.1:1");
      assertThat(capture.exitCode(END_SECONDS)).as(capture.text()).isEqualTo(1);
      assertThat(capture.text()).contains(thrown);
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void faultInTheReportComesAfterTheLedger(boolean live) throws IOException {
    for (String thrown : THROWN) {
      String topic = "run" + runs++;
      Output capture =
          start("kafka.cli.Report#write@1", thrown, live, "-t", topic, "-c", "" + FRAMES);
      feed(capture, live);
      assertThat(capture.exitCode(END_SECONDS)).as(capture.text()).isEqualTo(1);
      assertThat(capture.text())
          .contains(thrown, "captured 400 = 400 acknowledged + 0 not delivered");
      assertThat(recordsIn(topic)).isEqualTo(FRAMES);
      assertThat(framesWritten()).isEqualTo(FRAMES);
    }
  }

  /** It only shows how the run goes: the run goes on, and a signal ends it. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void faultInTheLiveLineIsToldAndTheRunGoesOn(boolean live) throws IOException {
    for (String thrown : THROWN) {
      String topic = "run" + runs++;
      Output capture = start("kafka.cli.ProgressLine#tick@1", thrown, live, "-t", topic);
      if (!live) {
        // a pipe is opened by its first bytes
        feed(capture, false);
      }
      capture.await(thrown);
      if (live) {
        feed(capture, true);
      }
      capture.terminate();
      assertThat(capture.exitCode(END_SECONDS)).as(capture.text()).isZero();
      JsonNode ledger = ledger(topic);
      assertThat(ledger.get("acknowledged").asLong()).isEqualTo(ledger.get("captured").asLong());
      if (live) {
        assertThat(ledger.get("captured").asLong()).isEqualTo(FRAMES);
      }
    }
  }
}
