package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.kafka.embedded.EmbeddedBroker;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringtap flows} of a file, an interface and a topic. */
@Timeout(180)
class FlowsCommandIT {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void writeFile() throws IOException {
    file = directory.resolve("flows.pcapng");
    byte[] none = new byte[0];
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(new CaptureId("shop, 1", "eth0", 1, 0), LinkType.ETHERNET, 0);
      List<byte[]> frames =
          List.of(
              Packets.ethernet(Packets.udp("10.0.0.1", 1234, "10.0.0.2", 53, new byte[20])),
              Packets.ethernet(Packets.udp("10.0.0.2", 53, "10.0.0.1", 1234, new byte[200])),
              Packets.ethernet(
                  Packets.tcp("2001:db8::1", 40_000, "2001:db8::2", 443, Packets.SYN, none)),
              Packets.ethernet(0x0806, new byte[28]));
      long nanos = 1_767_323_045_000_000_000L;
      for (byte[] frame : frames) {
        MemorySegment bytes = MemorySegment.ofArray(frame);
        long lost = frame == frames.get(1) ? 4 : 0;
        writer.write(id, nanos, frame.length, PacketType.HOST, 0, lost, bytes, 0, frame.length);
        nanos += 250_000_000;
      }
    }
  }

  private Launcher.Result flows(String... arguments) throws Exception {
    return Launcher.run(
        Launcher.SCRIPT,
        Map.of(),
        Stream.concat(Stream.of("flows", "-r", file.toString()), Arrays.stream(arguments))
            .toArray(String[]::new));
  }

  @Test
  void printsTheLargestFlows() throws Exception {
    Launcher.Result all = flows();
    assertThat(all.out().lines())
        .containsExactly(
            "proto  source               destination        packets  bytes  < packets  < bytes  seconds  lost",
            "UDP    10.0.0.1:1234        10.0.0.2:53              1     62          1      242    0.250     4",
            "TCP    [2001:db8::1]:40000  [2001:db8::2]:443        1     74          0        0    0.000     0");
    assertThat(all.err())
        .contains("4 frames = 3 in 2 flows + 1 of no flow; 4 dropped by the kernel");
    assertThat(flows("--top", "1").out().lines()).hasSize(2);
  }

  @Test
  void printsJson() throws Exception {
    List<String> lines = flows("--json").out().lines().toList();
    assertThat(lines).hasSize(2);
    ObjectMapper mapper = new ObjectMapper();
    JsonNode udp =
        lines.stream()
            .map(
                line -> {
                  try {
                    return mapper.readTree(line);
                  } catch (IOException e) {
                    throw new AssertionError(line, e);
                  }
                })
            .filter(node -> node.get("protocolIdentifier").asInt() == 17)
            .findFirst()
            .orElseThrow();
    assertThat(udp.get("sourceTransportPort").asInt()).isEqualTo(1234);
    assertThat(udp.get("flowStartNanoseconds").asText()).isEqualTo("2026-01-02T03:04:05Z");
    assertThat(udp.get("captureLossWithin").asLong()).isEqualTo(4);
    assertThat(udp.has("tcp")).isFalse();
  }

  @Test
  void printsCsv() throws Exception {
    List<String> lines = flows("--csv").out().lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).startsWith("host,interfaceName,").contains(",tcp.completeness,");
    assertThat(lines.get(1)).startsWith("\"shop, 1\",eth0,");
  }

  @Test
  void filters() throws Exception {
    Requirements.libpcap();
    assertThat(flows("tcp").out().lines()).hasSize(2);
    assertThat(flows("tcp", "and").err()).contains("syntax error");
  }

  @Test
  void capturesUntilItIsInterrupted() throws Exception {
    Requirements.privateNetwork();
    Requirements.libpcap();
    Requirements.programs("tcpreplay");
    try (TestNetwork network = TestNetwork.create()) {
      Output flows =
          network.ringtap(
              "flows", "-i", TestNetwork.RIGHT, "--sort", "packets", "tcp", "or", "udp");
      flows.await("listening on right");
      long frames = network.replay(file, "--topspeed", "--loop", "50");
      assertThat(frames).isEqualTo(200);
      flows.terminate();
      assertThat(flows.exitCode(30)).isZero();
      assertThat(flows.text()).contains("150 frames = 150 in 2 flows + 0 of no flow; 0 dropped");
    }
  }

  /** The same table, by whichever way. */
  @Test
  void readsTopicsOfPacketsAndOfFlows() throws Exception {
    List<String> table = flows().out().lines().toList();
    String account = "4 frames = 3 in 2 flows + 1 of no flow; 4 dropped by the kernel";
    try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"), 0)) {
      String server = broker.bootstrapServers();
      for (String frames : List.of("1", "auto")) {
        String packets = "packets-" + frames;
        String records = "flows-" + frames;
        Launcher.Result capture =
            ringtap(
                ("capture -b %s -t %s --flows %s --partitions 3 --frames-per-record %s -r %s")
                    .formatted(server, packets, records, frames, file));
        assertThat(capture.status()).as(capture.err()).isZero();
        String options = " --from-beginning -e -b " + server;
        Launcher.Result ofPackets = ringtap("flows" + options + " -t " + packets);
        assertThat(ofPackets.out().lines()).as(ofPackets.err()).isEqualTo(table);
        assertThat(ofPackets.err()).isEqualTo(account + "\n");
        Launcher.Result ofFlows = ringtap("flows" + options + " -t " + records);
        assertThat(ofFlows.out().lines()).as(ofFlows.err()).isEqualTo(table);
        assertThat(ofFlows.err()).isEqualTo("2 flow records\n");
        assertThat(ringtap("flows --json" + options + " -t " + records).out().lines())
            .hasSize(2)
            .allMatch(line -> line.startsWith("{\"host\":\"shop, 1\","));
        Launcher.Result filtered = ringtap("flows" + options + " -t " + records + " tcp");
        assertThat(filtered.status()).isEqualTo(2);
        assertThat(filtered.err())
            .contains("a filter is for packets, and topic " + records + " has flow records");
        Launcher.Result tcp = ringtap("flows" + options + " -t " + packets + " tcp");
        assertThat(tcp.err()).contains("1 frames = 1 in 1 flows + 0 of no flow");
      }
    }
  }

  private static Launcher.Result ringtap(String arguments) throws Exception {
    return Launcher.run(Launcher.SCRIPT, Map.of(), arguments.split(" "));
  }

  @Test
  void drawsATerminalAnew() throws Exception {
    Requirements.privateNetwork();
    Requirements.programs("script", "tcpreplay");
    try (TestNetwork network = TestNetwork.create()) {
      // without exec, a shell that the key ends too would tell its own exit code
      String command = "exec " + Launcher.SCRIPT + " flows -i " + TestNetwork.RIGHT;
      // whatever the key's signal does where the tests run
      Output flows =
          network.start("env", "--default-signal=INT", "script", "-qefc", command, "/dev/null");
      flows.await("listening on right");
      flows.await("right  0 frames/s");
      network.replay(file, "--topspeed", "--loop", "50");
      flows.await("2 flows open  captured 200  dropped 0");
      flows.await("10.0.0.1:1234");
      assertThat(flows.text()).contains("\u001b[?1049h").doesNotContain("\u001b[?1049l");
      // a terminal ends it by its key
      flows.type(3);
      assertThat(flows.exitCode(30)).isZero();
      String after = flows.text().substring(flows.text().indexOf("\u001b[?1049l"));
      assertThat(after)
          .contains("UDP    10.0.0.1:1234 ")
          .contains("200 frames = 150 in 2 flows + 50 of no flow; 0 dropped");
    }
  }
}
