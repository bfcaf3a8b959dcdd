package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flink.source.CaptureLab;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.testkit.Requirements;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a query finds does not depend on what the kernel did for it. */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
@Timeout(120)
class PushDownIT {
  /** The kernel decides these to the frame, on any frame. */
  static final List<String> EXACT =
      List.of(
          "vlan_id = 100",
          "vlan_id <> 100",
          "vlan_id IN (100, 102, 1000)",
          "vlan_id IS NULL",
          "vlan_id IS NOT NULL",
          "NOT (vlan_id = 101)",
          "vlan_id > 100 AND vlan_id < 1001",
          "vlan_id NOT IN (100, 101)",
          "vlan_id BETWEEN 101 AND 102",
          "vlan_id = -1 OR vlan_id > 70000",
          "vlan_priority >= 4",
          "vlan_drop_eligible",
          "NOT vlan_drop_eligible",
          "vlan_tpid = 34984",
          "vlan_inner_id = 11",
          "vlan_inner_id IS NOT NULL AND vlan_id = 1000",
          "ether_type = 2048",
          "ether_type = 2054 OR ether_type = 34525",
          "ether_type IS NULL",
          "ip_version = 6",
          "ip_src = '10.1.2.3'",
          "ip_dst <> '10.2.0.1'",
          "ip_src IN ('10.1.2.3', '2001:db8::1')",
          "ip_src LIKE '10.1.%'",
          "NOT (ip_dst LIKE '10.%')",
          "ip_dst LIKE '10.2.0.%' OR ip_version = 6",
          "ip_src LIKE '192.%' AND vlan_id IS NULL",
          "insubnet(ip_src, '10.1.0.0/16')",
          "insubnet(ip_dst, '2001:db8::/32') OR insubnet(ip_dst, '192.168.0.0/30')",
          "eth_src = '02:00:00:00:00:07'",
          "eth_dst <> 'ff:ff:ff:ff:ff:ff'",
          "packet_type = 'BROADCAST'",
          "packet_type <> 'BROADCAST' AND vlan_id = 100",
          "ttl = 64",
          "ttl < 64 OR ttl IS NULL",
          "arp_operation = 1",
          "arp_operation IS NULL AND vlan_id = 100",
          "102 = vlan_id");

  /** The kernel lets frames with IPv6 extension headers through, for Flink to decide. */
  static final List<String> TRANSPORT =
      List.of(
          "vlan_id = 100 AND ip_protocol = 17 AND dst_port IN (53, 5353)",
          "ip_protocol = 6",
          "ip_protocol <> 17",
          "src_port >= 50000",
          "dst_port = 53 AND ip_src = '10.1.2.3'",
          "tcp_flags = 2",
          "tcp_flags IS NOT NULL AND (dst_port = 443 OR vlan_id = 1000)",
          "NOT (dst_port = 53 OR ip_protocol = 6)",
          "src_port IS NULL",
          "icmp_type = 8",
          "icmp_type >= 128 AND icmp_code = 0",
          "icmp_code IS NOT NULL OR dst_port = 53",
          "ip_protocol = 17 AND NOT (ip_dst LIKE '10.1.%')");

  /** Flink decides these, or part of them. */
  private static final List<String> RESIDUAL =
      List.of(
          "CHAR_LENGTH(ip_src) > 9",
          "vlan_id + 1 = 101",
          "tcp_seq > 0 AND tcp_ack IS NOT NULL AND tcp_window > 0",
          "l4_payload_length = 5 OR l4_payload = X'0001020304'",
          "payload_length > 70",
          "dst_port = 53 AND original_length > 70",
          "vlan_id = 100 OR src_port = original_length",
          "ip_src LIKE '%.3'",
          "ip_src = '10.01.2.3'",
          "UPPER(eth_src) = '02:00:00:00:00:07'",
          "vlan_id = 100 AND original_length > 70",
          "NOT merged AND flags = 0",
          "vlan_id = 100 AND community_id IS NOT NULL",
          "host IS NOT NULL AND capture_start <= CURRENT_TIMESTAMP AND packet_type = 'HOST'");

  @TempDir Path directory;

  static String table(String name, String options) {
    return "CREATE TABLE "
        + name
        + " (payload BYTES, `sequence` BIGINT, vlan_id INT, vlan_tpid INT, vlan_priority INT, vlan_drop_eligible"
        + " BOOLEAN, vlan_inner_id INT, ether_type INT, ip_version INT, ip_src STRING, ip_dst"
        + " STRING, ip_protocol INT, src_port INT, dst_port INT, tcp_flags INT, eth_src STRING,"
        + " eth_dst STRING, packet_type STRING, original_length INT, flags INT,"
        + " ttl INT, arp_operation INT, icmp_type INT, icmp_code INT, tcp_seq BIGINT, tcp_ack BIGINT,"
        + " tcp_window INT, l4_payload_length INT, l4_payload BYTES, payload_length INT,"
        + " hardware_clock BOOLEAN, checksum_not_ready BOOLEAN, merged BOOLEAN, host STRING,"
        + " interface_name STRING, capture_start TIMESTAMP_LTZ(6), community_id STRING) WITH ('connector' ="
        + " 'ringtap', "
        + options
        + ")";
  }

  static StreamTableEnvironment tables() {
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(StreamExecutionEnvironment.createLocalEnvironment(1));
    tables.executeSql(
        "CREATE TEMPORARY SYSTEM FUNCTION insubnet AS 'dev.ringtap.flink.table.InSubnet'");
    return tables;
  }

  /** One job that asks all questions; the sorted payloads that each finds. */
  private static Map<String, List<String>> ask(List<String> predicates, String options)
      throws Exception {
    StreamTableEnvironment tables = tables();
    tables.executeSql(table("packets", options));
    List<String> queries = new ArrayList<>();
    Map<String, List<String>> found = new TreeMap<>();
    for (int i = 0; i < predicates.size(); i++) {
      queries.add("SELECT " + i + " AS question, payload FROM packets WHERE " + predicates.get(i));
      found.put(predicates.get(i), new ArrayList<>());
    }
    try (CloseableIterator<Row> rows =
        tables.executeSql(String.join(" UNION ALL ", queries)).collect()) {
      while (rows.hasNext()) {
        Row row = rows.next();
        found
            .get(predicates.get((Integer) row.getField(0)))
            .add(HexFormat.of().formatHex((byte[]) row.getField(1)));
      }
    }
    found.values().forEach(Collections::sort);
    return found;
  }

  private static int sum(Map<String, List<String>> found) {
    return found.values().stream().mapToInt(List::size).sum();
  }

  @Test
  void onAFileTheResultsAreTheSame() throws Exception {
    Requirements.libpcap();
    List<String> predicates = new ArrayList<>(EXACT);
    predicates.addAll(TRANSPORT);
    predicates.addAll(RESIDUAL);
    Path file = PcapFile.write(directory.resolve("frames.pcap"), SampleFrames.all(500));
    String path = "'path' = '" + file + "'";
    Map<String, List<String>> with = ask(predicates, path);
    Map<String, List<String>> without = ask(predicates, path + ", 'push-down' = 'false'");
    assertThat(with).isEqualTo(without);
    assertThat(with.values().stream().filter(List::isEmpty).count()).isLessThanOrEqualTo(2);
    String filtered = path + ", 'filter' = 'udp or vlan'";
    assertThat(ask(predicates, filtered))
        .isEqualTo(ask(predicates, filtered + ", 'push-down' = 'false'"))
        .isNotEqualTo(with);
    System.out.println(
        predicates.size() + " predicates on a file: " + sum(with) + " rows, the same without");
  }

  /** The frames' numbers are those of the capture, whatever a query asks of them. */
  @Test
  void aPredicateDoesNotRenumberTheFrames() throws Exception {
    Requirements.libpcap();
    List<List<Row>> found = new ArrayList<>();
    for (String options : List.of("", ", 'push-down' = 'false'")) {
      try (CaptureLab lab = CaptureLab.createOrSkip()) {
        CompletableFuture<Void> sending = lab.sendWhenOpened(1, SampleFrames.decidable());
        StreamTableEnvironment tables = tables();
        tables.executeSql(
            "CREATE TABLE numbered (`sequence` BIGINT, vlan_id INT) WITH ('connector' = 'ringtap', "
                + lab.tableOptions()
                + ", 'filter' = 'udp or vlan', 'ring-size' = '4', 'duration' = '3 s'"
                + options
                + ")");
        List<Row> rows = new ArrayList<>();
        try (CloseableIterator<Row> all =
            tables.executeSql("SELECT `sequence` FROM numbered WHERE vlan_id = 100").collect()) {
          all.forEachRemaining(rows::add);
        }
        sending.join();
        found.add(rows);
      }
    }
    assertThat(found.get(0)).hasSizeGreaterThan(10).isEqualTo(found.get(1));
  }

  private Map<String, List<String>> askLive(
      CaptureLab lab, List<String> predicates, List<byte[]> frames, String options)
      throws Exception {
    int captures = options.contains("push-down") ? 1 : predicates.size();
    CompletableFuture<Void> sending = lab.sendWhenOpened(lab.opened() + captures, frames);
    Map<String, List<String>> found =
        ask(
            predicates,
            lab.tableOptions()
                + ", 'ring-size' = '2', 'block-size' = '512', 'duration' = '5 s'"
                + options);
    sending.join();
    return found;
  }

  @Test
  void onALiveWireTheResultsAreTheSameAndOtherFramesNeverEnterTheRing() throws Exception {
    compareLive(EXACT, SampleFrames.all(200));
    compareLive(TRANSPORT, SampleFrames.decidable());
  }

  private void compareLive(List<String> predicates, List<byte[]> frames) throws Exception {
    Map<String, List<String>> with;
    try (CaptureLab lab = CaptureLab.createOrSkip()) {
      with = askLive(lab, predicates, frames, "");
      assertThat(lab.ledgers()).hasSize(predicates.size());
      assertThat(lab.sum("dropped by the kernel")).isZero();
      assertThat(lab.sum("offered")).as("frames in the rings").isEqualTo(sum(with));
    }
    try (CaptureLab lab = CaptureLab.createOrSkip()) {
      assertThat(askLive(lab, predicates, frames, ", 'push-down' = 'false'")).isEqualTo(with);
      assertThat(lab.sum("offered")).isEqualTo(frames.size());
    }
    System.out.println(
        predicates.size()
            + " predicates live: "
            + sum(with)
            + " rows, as many frames in the rings, the same without");
  }
}
