package dev.ringtap.flink.table;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.PSH;
import static dev.ringtap.testkit.Packets.RST;
import static dev.ringtap.testkit.Packets.SYN;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tcp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The statements of FLOWS.md, on a capture with a scan, a slow server and a large transfer. */
@Timeout(120)
class FlowQueriesIT {
  private static final CaptureId CAPTURE =
      new CaptureId("node1", "eth0", 1_790_000_000_000_000L, 0);
  private static final long START = 1_790_000_100_000_000_000L;
  private static final long MILLI = 1_000_000;
  private static final byte[] NONE = {};

  @TempDir Path directory;

  /** By time, so that connections may overlap. */
  private final TreeMap<Long, byte[]> frames = new TreeMap<>();

  private StreamTableEnvironment tables;

  private void at(long millis, byte[] packet) {
    assertThat(frames.put(START + millis * MILLI, ethernet(packet))).isNull();
  }

  private void segment(
      long millis, String client, int port, String server, int flags, int sequence, int length) {
    at(millis, tcp(client, port, server, 80, flags, sequence, 1, NONE, new byte[length]));
  }

  private void answer(
      long millis, String client, int port, String server, int flags, int sequence, int length) {
    at(millis, tcp(server, 80, client, port, flags, sequence, 2, NONE, new byte[length]));
  }

  /** A request, and an answer of so many segments. */
  private void connection(long from, int port, String server, long answerMillis, int segments) {
    String client = "10.0.0.9";
    segment(from, client, port, server, SYN, 1, 0);
    answer(from + 2, client, port, server, SYN | ACK, 1, 0);
    segment(from + 3, client, port, server, ACK, 2, 0);
    segment(from + 4, client, port, server, ACK | PSH, 2, 100);
    for (int i = 0; i < segments; i++) {
      answer(from + 4 + answerMillis + i, client, port, server, ACK, 2 + 1000 * i, 1000);
    }
  }

  @BeforeEach
  void start() throws Exception {
    for (int i = 0; i < 30; i++) {
      at(7 * i, tcp("10.0.0.66", 50_000, "10.0.0." + (100 + i), 1 + i, SYN, NONE));
      if (i % 2 == 0) {
        at(7 * i + 1, tcp("10.0.0." + (100 + i), 1 + i, "10.0.0.66", 50_000, RST | ACK, NONE));
      }
    }
    connection(1000, 40_000, "10.0.0.1", 3, 50);
    connection(2000, 40_001, "10.0.0.2", 400, 1);
    connection(3000, 40_002, "10.0.0.2", 200, 1);
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.createLocalEnvironment(2));
    Path file = write(directory.resolve("trace.pcapng"));
    for (String each : statements()) {
      if (!each.startsWith("SELECT") && !each.contains("'kafka'")) {
        tables.executeSql(
            each.replace("'interface' = 'eth0', 'snap-length' = '256'", "'path' = '" + file + "'")
                .replace("SOURCE_WATERMARK()", "ts"));
      }
    }
  }

  private Path write(Path file) throws IOException {
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int on = writer.addInterface(CAPTURE, LinkType.ETHERNET, 0);
      int left = frames.size();
      for (var each : frames.entrySet()) {
        byte[] frame = each.getValue();
        long lostBefore = --left == 2 ? 5 : 0;
        writer.write(
            on,
            each.getKey(),
            frame.length,
            PacketType.HOST,
            0,
            lostBefore,
            MemorySegment.ofArray(frame),
            0,
            frame.length);
      }
    }
    return file;
  }

  /** What stands between ```sql and ```, up to each semicolon. */
  private static List<String> statements() throws IOException {
    List<String> statements = new ArrayList<>();
    String[] parts = Files.readString(Path.of("FLOWS.md")).split("```");
    for (String part : parts) {
      if (part.startsWith("sql\n")) {
        for (String each : part.substring(4).split(";\n")) {
          statements.add(each.strip());
        }
      }
    }
    return statements;
  }

  private List<String> rows(String columns) throws Exception {
    String query =
        statements().stream()
            .filter(each -> each.startsWith("SELECT " + columns))
            .findFirst()
            .get();
    return Queries.rows(tables, query).stream().map(Row::toString).toList();
  }

  @Test
  void theFirstQueryGivesFlows() throws Exception {
    assertThat(rows("ip_src, ip_dst, dst_port, packets"))
        .hasSize(33)
        .contains("+I[10.0.0.9, 10.0.0.1, 80, 3, 51, 0]", "+I[10.0.0.9, 10.0.0.2, 80, 3, 2, 5]");
  }

  @Test
  void scans() throws Exception {
    assertThat(rows("window_start, ip_src,"))
        .singleElement()
        .asString()
        .endsWith(", 10.0.0.66, 30, 30, 30]");
  }

  @Test
  void topTalkers() throws Exception {
    assertThat(rows("ip_src, ip_dst, octets"))
        .hasSize(3)
        .contains("+I[10.0.0.9, 10.0.0.1, 53016, 0]", "+I[10.0.0.9, 10.0.0.2, 2740, 5]");
  }

  @Test
  void slowServers() throws Exception {
    assertThat(rows("ip_dst, dst_port, COUNT")).containsExactly("+I[10.0.0.2, 80, 2, 2, 300]");
  }
}
