package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Packets;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The functions in SQL, after LOAD MODULE. */
@Timeout(120)
class PacketFunctionsTest {
  private static final Path CAPTURES = Path.of("src", "test", "resources", "captures");

  private StreamTableEnvironment tables;

  @BeforeEach
  void loadModule() {
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.createLocalEnvironment(1));
    tables.executeSql("LOAD MODULE ringtap");
  }

  private List<Row> query(String query) throws Exception {
    return Queries.rows(tables, query);
  }

  private void table(String file) {
    tables.executeSql(PushDownIT.table("packets", "'path' = '" + CAPTURES.resolve(file) + "'"));
  }

  @Test
  void theModuleHasEachFunctionWithTheTypesOfTheDocumentation() {
    assertThat(tables.listFunctions()).contains(PacketFunction.ALL.keySet().toArray(String[]::new));
    table("web.pcap");
    for (PacketFunction each : PacketFunction.values()) {
      String columns =
          each.parameters()
              .replace("address STRING", "ip_src")
              .replace("subnet STRING", "'10.0.0.0/8'")
              .replace("flags INT", "tcp_flags")
              .replace("payload BYTES", "l4_payload");
      String call = each.functionName() + "(" + columns + ")";
      assertThat(
              tables
                  .sqlQuery("SELECT " + call + " AS f FROM packets")
                  .getResolvedSchema()
                  .getColumnDataTypes()
                  .get(0)
                  .getLogicalType()
                  .asSummaryString()
                  .replace("VARCHAR(2147483647)", "STRING")
                  .replace("STRING NOT NULL", "STRING"))
          .as(call)
          .isEqualTo(each.returns());
    }
  }

  @Test
  void functionsReadAFrameAndAreNullOfTheRest() throws Exception {
    table("dns_udp.pcap");
    assertThat(
            query(
                "SELECT dns_question_name(l4_payload), dns_question_type(l4_payload),"
                    + " dns_rcode(l4_payload), CARDINALITY(dns_answers(l4_payload)),"
                    + " tls_sni(l4_payload), http_host(l4_payload), tcp_flags_text(tcp_flags)"
                    + " FROM packets"))
        .hasSize(2)
        .allMatch(row -> row.getField(0) != null && row.getField(1) != null)
        .anyMatch(row -> row.getField(2) != null)
        .allMatch(row -> row.getField(4) == null && row.getField(6) == null);
  }

  @Test
  void functionsTellWhatClientsAskedFor() throws Exception {
    table("web.pcap");
    assertThat(
            query(
                "SELECT DISTINCT tls_sni(l4_payload) FROM packets WHERE tls_sni(l4_payload) IS NOT"
                    + " NULL AND in_subnet(ip_src, '127.0.0.0/8') AND NOT is_private(ip_src)"))
        .extracting(row -> row.getField(0))
        .contains("www.example.org", "shop.example.org", "mail.example.org");
    assertThat(
            query(
                "SELECT http_request_line(l4_payload), http_host(l4_payload) FROM packets WHERE"
                    + " http_request_line(l4_payload) LIKE 'GET%'"))
        .contains(Row.of("GET /index.html HTTP/1.1", "www.example.org:8080"));
    assertThat(query("SELECT DISTINCT tcp_flags_text(tcp_flags) FROM packets"))
        .contains(Row.of("SYN"), Row.of("SYN,ACK"), Row.of("PSH,ACK"));
  }

  @Test
  void noNameServerIsAskedForWhatIsNoAddress(@TempDir Path directory) throws Exception {
    Path hosts = Files.writeString(directory.resolve("hosts"), "10.0.0.1 999.1.1.1");
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djdk.net.hosts.file=" + hosts,
                "-cp",
                System.getProperty("java.class.path"),
                AskedOfNoAddress.class.getName())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip())
        .isEqualTo("null");
  }

  /** Runs where that text is a host's name. */
  static final class AskedOfNoAddress {
    public static void main(String[] arguments) {
      System.out.println(new PacketFunctions.IsPrivate().eval("999.1.1.1"));
    }
  }

  @Test
  void addressesAreOfNetworksAndVendors() throws Exception {
    assertThat(
            query(
                "SELECT is_private(a), in_subnet(a, '172.16.0.0/16') FROM (VALUES ('10.1.2.3'),"
                    + " ('172.16.0.1'), ('172.32.0.1'), ('192.168.1.1'), ('8.8.8.8'), ('fd00::1'),"
                    + " ('2001:db8::1'), ('text'), ('')) AS t(a)"))
        .extracting(row -> row.getField(0))
        .containsExactly(true, true, false, true, false, true, false, null, null);
    assertThat(
            query(
                "SELECT mac_vendor_prefix(a) FROM (VALUES ('"
                    + Packets.MAC_1
                    + "'), ('00:1B:21:00:00:01'), ('00:1b:21')) AS t(a)"))
        .extracting(row -> row.getField(0))
        .containsExactly(Packets.MAC_1.substring(0, 8), null, null);
    assertThat(query("SELECT tcp_flags_text(f) FROM (VALUES (0), (255), (256), (-1)) AS t(f)"))
        .extracting(row -> row.getField(0))
        .containsExactly("", "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR", null, null);
  }

  @Test
  void subnetsAreGivenToTheSourceUnderBothNames() {
    tables.executeSql(PushDownIT.table("packets", "'interface' = 'eth0'"));
    String query = "SELECT payload FROM packets WHERE %s(ip_src, '10.0.0.0/8')";
    for (String name : List.of("in_subnet", "insubnet")) {
      assertThat(tables.explainSql(query.formatted(name)))
          .contains("filter=[insubnet(ip_src")
          .doesNotContain("where=[");
    }
  }
}
