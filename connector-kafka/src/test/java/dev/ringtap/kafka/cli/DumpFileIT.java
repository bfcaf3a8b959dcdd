package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringtap dump -r}. */
@Timeout(120)
class DumpFileIT {
  private static final byte[] TAGGED =
      Packets.tag(
          Packets.ethernet(Packets.udp("10.0.0.1", 1234, "10.0.0.2", 53, new byte[] {1, 2, 3})),
          0x8100,
          5 << 13 | 42);
  private static final byte[] PLAIN =
      Packets.ethernet(Packets.tcp("10.0.0.1", 40_000, "10.0.0.2", 443, Packets.SYN, new byte[0]));

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void writeFile() throws IOException {
    file = directory.resolve("two.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(new CaptureId("shop", "eth0", 1, 0), LinkType.ETHERNET, 0);
      write(writer, id, 1_767_323_045_123_456_789L, 0, TAGGED);
      write(writer, id, 1_767_323_046_000_000_000L, 7, PLAIN);
    }
  }

  private static void write(PcapngWriter writer, int id, long nanos, long lost, byte[] frame)
      throws IOException {
    MemorySegment bytes = MemorySegment.ofArray(frame);
    writer.write(id, nanos, frame.length, PacketType.OUTGOING, 0, lost, bytes, 0, frame.length);
  }

  private static Launcher.Result dump(Path file, String... arguments) throws Exception {
    String[] all =
        Stream.concat(Stream.of("dump", "-r", file.toString()), Arrays.stream(arguments))
            .toArray(String[]::new);
    return Launcher.run(Launcher.SCRIPT, Map.of(), all);
  }

  private List<JsonNode> json(String... filter) throws Exception {
    String[] arguments =
        Stream.concat(Stream.of("--json", "--"), Arrays.stream(filter)).toArray(String[]::new);
    Launcher.Result result = dump(file, arguments);
    assertThat(result.status()).as(result.err()).isZero();
    List<JsonNode> objects = new ArrayList<>();
    for (String line : result.out().lines().toList()) {
      objects.add(new ObjectMapper().readTree(line));
    }
    return objects;
  }

  @Test
  void printsLinesAndLosses() throws Exception {
    List<String> lines = dump(file).out().lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).contains("vlan 42", "10.0.0.1.1234 > 10.0.0.2.53: UDP");
    assertThat(lines.get(1)).isEqualTo("    7 frames lost here");
    assertThat(lines.get(2)).contains("10.0.0.1.40000 > 10.0.0.2.443: Flags [S]");
    assertThat(dump(file, "-c", "1").out().lines()).hasSize(1);
  }

  @Test
  void jsonHasRecordHeadersAndLine() throws Exception {
    List<JsonNode> objects = json();
    assertThat(objects).hasSize(2);
    JsonNode first = objects.get(0);
    assertThat(first.get("timestamp").asText()).isEqualTo("2026-01-02T03:04:05.123456789Z");
    assertThat(first.get("host").asText()).isEqualTo("shop");
    assertThat(first.get("interfaceName").asText()).isEqualTo("eth0");
    assertThat(first.get("sequence").asInt()).isZero();
    assertThat(first.get("packetType").asText()).isEqualTo("OUTGOING");
    assertThat(first.get("vlan").get("id").asInt()).isEqualTo(42);
    assertThat(first.get("vlan").get("priority").asInt()).isEqualTo(5);
    assertThat(first.get("vlanIds").toString()).isEqualTo("[42]");
    assertThat(first.get("payload").binaryValue()).isEqualTo(TAGGED);
    assertThat(first.get("srcPort").asInt()).isEqualTo(1234);
    assertThat(first.get("ipDst").asText()).isEqualTo("10.0.0.2");
    int offset = first.get("l4PayloadOffset").asInt();
    assertThat(first.get("l4PayloadLength").asInt()).isEqualTo(3);
    assertThat(Arrays.copyOfRange(TAGGED, offset, offset + 3)).containsExactly(1, 2, 3);
    assertThat(first.has("tcpFlags")).as("absent fields are left out").isFalse();
    assertThat(first.get("line").asText()).contains("10.0.0.1.1234 > 10.0.0.2.53");
    JsonNode second = objects.get(1);
    assertThat(second.get("sequence").asInt()).isEqualTo(1);
    assertThat(second.get("lostBefore").asInt()).isEqualTo(7);
    assertThat(second.has("vlan")).isFalse();
    assertThat(second.get("tcpFlags").asInt()).isEqualTo(Packets.SYN);
  }

  @Test
  void jsonHasWhatDnsAndHttpSay() throws Exception {
    byte[] question =
        HexFormat.of().parseHex("000101000001000000000000" + "0473686f7000" + "00010001");
    byte[] get = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    file = directory.resolve("application.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(new CaptureId("shop", "eth0", 1, 0), LinkType.ETHERNET, 0);
      write(
          writer, id, 1, 0, Packets.ethernet(Packets.udp("10.0.0.1", 9, "10.0.0.2", 53, question)));
      write(
          writer, id, 2, 0, Packets.ethernet(Packets.udp("10.0.0.1", 9, "10.0.0.2", 54, question)));
      write(
          writer,
          id,
          3,
          0,
          Packets.ethernet(Packets.tcp("10.0.0.1", 9, "10.0.0.2", 80, Packets.ACK, get)));
      byte[] stream =
          ByteBuffer.allocate(2 + question.length)
              .putShort((short) question.length)
              .put(question)
              .array();
      write(
          writer,
          id,
          4,
          0,
          Packets.ethernet(Packets.tcp("10.0.0.1", 9, "10.0.0.2", 53, Packets.ACK, stream)));
    }
    List<JsonNode> objects = json();
    assertThat(List.of(objects.get(0).get("dns"), objects.get(3).get("dns")))
        .extracting(JsonNode::toString)
        .containsOnly(
            "{\"response\":false,\"questionName\":\"shop\",\"questionType\":1,\"answers\":[]}");
    assertThat(objects.get(1).has("dns")).as("another port").isFalse();
    assertThat(objects.get(2).get("http").toString())
        .isEqualTo("{\"line\":\"GET / HTTP/1.1\",\"host\":\"shop\"}");
  }

  @Test
  void anExpressionKeepsSequences() throws Exception {
    Requirements.libpcap();
    assertThat(json("tcp port 443"))
        .extracting(each -> each.get("sequence").asInt())
        .containsExactly(1);
    assertThat(json("udp port 443")).isEmpty();
    Launcher.Result wrong = dump(file, "tcp", "prot", "443");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.err()).contains("filter 'tcp prot 443': ");
  }

  @Test
  void aWrongExpressionIsRefusedWithoutPackets() throws Exception {
    Requirements.libpcap();
    Path empty = directory.resolve("empty.pcapng");
    PcapngWriter.create(empty).close();
    Launcher.Result wrong = dump(empty, "tcp", "prot", "443");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.err()).contains("filter 'tcp prot 443': ");
  }

  /** As of a file that is being written. */
  @Test
  void readsUpToTheLastCompleteFrame() throws Exception {
    byte[] whole = Files.readAllBytes(file);
    Path cut = Files.write(directory.resolve("cut.pcapng"), Arrays.copyOf(whole, whole.length - 9));
    Launcher.Result result = dump(cut);
    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.out().lines()).hasSize(1);
    assertThat(result.err()).contains("cut.pcapng, byte ", "truncated dump file");
  }

  @Test
  void writesWhatItKeepsAsPcapng() throws Exception {
    Requirements.libpcap();
    Path out = directory.resolve("out.pcapng");
    assertThat(dump(file, "-w", out.toString(), "vlan").status()).isZero();
    assertThat(dump(out).out().lines()).hasSize(1);
  }

  @Test
  void optionsThatExcludeOneAnother() throws Exception {
    Launcher.Result topic = dump(file, "-t", "packets");
    assertThat(topic.status()).isEqualTo(2);
    assertThat(topic.err()).contains("-t is for a topic, not for -r");
    assertThat(dump(file, "--json", "-w", "-").err())
        .contains("--json and -w cannot be used together");
  }

  @Test
  void mergesFilesByTime() throws Exception {
    Path other = directory.resolve("other.pcapng");
    try (PcapngWriter writer = PcapngWriter.create(other)) {
      int id = writer.addInterface(new CaptureId("bank", "eth0", 1, 0), LinkType.ETHERNET, 0);
      write(writer, id, 1_767_323_045_500_000_000L, 0, PLAIN);
    }
    Path merged = directory.resolve("merged.pcapng");
    Launcher.Result result =
        dump(
            file,
            "-r",
            other.toString(),
            "-w",
            merged.toString(),
            "--name-hosts",
            "--comment",
            "of both");
    assertThat(result.status()).as(result.err()).isZero();
    file = merged;
    assertThat(json())
        .extracting(each -> each.get("interfaceName").asText())
        .containsExactly("shop/eth0", "bank/eth0", "shop/eth0");
    Requirements.programs("tshark");
    assertThat(tshark(merged, "frame.interface_name").lines())
        .containsExactly("shop/eth0", "bank/eth0", "shop/eth0");
    assertThat(TestNetwork.run("capinfos", "-k", merged.toString())).contains("of both");
  }

  /** What openssl's client and server say to each other is readable with the client's keys. */
  @Test
  void tsharkDecryptsWithTheKeysInTheFile() throws Exception {
    Requirements.privateNetwork();
    Requirements.programs("tshark", "openssl", "tcpdump");
    Path pcap = directory.resolve("tls.pcap");
    Path keys = directory.resolve("keys.log");
    String script =
        """
        set -e
        cd %s
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=shop -days 2 2>/dev/null
        ip link set lo up
        tcpdump -i lo -U -w %s 2>tcpdump.log &
        capture=$!
        until grep -q listening tcpdump.log; do sleep 0.1; done
        openssl s_server -accept 8443 -key key.pem -cert cert.pem -www >server.log 2>&1 &
        server=$!
        until grep -q ACCEPT server.log; do sleep 0.1; done
        printf 'GET /secret-offer HTTP/1.0\\r\\n\\r\\n' |
          openssl s_client -connect 127.0.0.1:8443 -quiet -keylogfile %s >client.log 2>&1
        kill $server
        until tcpdump -nr %s 'tcp[tcpflags] & tcp-fin != 0' 2>/dev/null | grep -q .; do sleep 0.1; done
        kill $capture
        wait $capture
        """
            .formatted(directory, pcap, keys, pcap);
    TestNetwork.run("unshare", "-n", "bash", "-c", script);
    Path readable = directory.resolve("readable.pcapng");
    assertThat(dump(pcap, "-w", readable.toString(), "--tls-keys", keys.toString()).status())
        .isZero();
    String uri = "http.request.uri";
    assertThat(tshark(readable, uri).strip()).isEqualTo("/secret-offer");
    assertThat(dump(readable, "--json").out())
        .contains("\"tls\":{\"client\":true,\"version\":\"TLS 1.3\"")
        .contains("\"tls\":{\"client\":false,\"version\":\"TLS 1.3\"");
    Path plain = directory.resolve("plain.pcapng");
    dump(pcap, "-w", plain.toString());
    assertThat(tshark(plain, uri)).isBlank();
  }

  /** A field of all packets that have it. */
  private static String tshark(Path file, String field) throws IOException {
    String command = "tshark -r %s -d tcp.port==8443,tls -Y %2$s -T fields -e %2$s 2>/dev/null";
    return TestNetwork.run("sh", "-c", command.formatted(file, field)).strip();
  }
}
