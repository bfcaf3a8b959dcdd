package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flink.source.PcapFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.ExplainDetail;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** EXPLAIN tells what the kernel does and what Flink does. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainTest {
  /** Of a table of which it knows nothing. */
  private static final double FLINKS_GUESS = 1e8;

  private static final Pattern SCANNED_ROWS =
      Pattern.compile("TableSourceScan.*?rowcount = ([0-9.E]+)");

  private StreamTableEnvironment tables;

  @BeforeAll
  void createTable() {
    tables = PushDownIT.tables();
    tables.executeSql(PushDownIT.table("packets", "'interface' = 'eth0'"));
    tables.executeSql(PushDownIT.table("plain", "'interface' = 'eth0', 'push-down' = 'false'"));
  }

  private String plan(String query) {
    String text = tables.explainSql(query);
    return text.substring(
        text.indexOf("== Optimized Physical Plan =="), text.indexOf("== Optimized Execution"));
  }

  private static String scan(String plan) {
    return plan.substring(plan.indexOf("TableSourceScan"));
  }

  private static String pushed(String plan) {
    String scan = scan(plan);
    int at = scan.indexOf("filter=[");
    return at < 0 ? "" : scan.substring(at + 8, scan.indexOf("]", at));
  }

  @Test
  void exactPredicatesAreTheKernelsAlone() {
    for (String predicate : PushDownIT.EXACT) {
      String plan = plan("SELECT payload FROM packets WHERE " + predicate);
      assertThat(pushed(plan)).as(predicate + "\n" + plan).isNotEmpty();
      assertThat(plan).as(predicate).doesNotContain("where=[");
    }
  }

  @Test
  void whatLiesBehindExtensionHeadersIsCheckedAgainByFlink() {
    for (String predicate : PushDownIT.TRANSPORT) {
      String plan = plan("SELECT payload FROM packets WHERE " + predicate);
      assertThat(pushed(plan)).as(predicate + "\n" + plan).isNotEmpty();
      assertThat(plan).as(predicate).contains("where=[");
    }
  }

  @Test
  void theRestIsFlinks() {
    String plan =
        plan("SELECT payload FROM packets WHERE vlan_id = 100 AND CHAR_LENGTH(ip_src) > 9");
    assertThat(pushed(plan)).contains("vlan_id").doesNotContain("ip_src");
    assertThat(plan).contains("where=[").contains("CHAR_LENGTH(ip_src)");
  }

  @Test
  void withoutPushDownAllIsFlinks() {
    String plan = plan("SELECT payload FROM plain WHERE vlan_id = 100");
    assertThat(pushed(plan)).isEmpty();
    assertThat(plan).contains("where=[");
  }

  @Test
  void columnsAndLimitArePushed() {
    String plan = plan("SELECT vlan_id FROM packets LIMIT 5");
    assertThat(scan(plan)).contains("project=[vlan_id]", "limit=[5]");
  }

  @Test
  void theTableSetsTheParallelismOfItsSource() {
    tables.executeSql(PushDownIT.table("three", "'interface' = 'eth0', 'scan.parallelism' = '3'"));
    String plan = tables.explainSql("SELECT payload FROM three", ExplainDetail.JSON_EXECUTION_PLAN);
    assertThat(plan).containsPattern("\"pact\" : \"Data Source\"[^}]*\"parallelism\" : 3");
  }

  @Test
  void rowsOfFilesAreEstimated(@TempDir Path directory) throws IOException {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), 5_000, 100);
    Path packed = directory.resolve("packed.pcap.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      Files.copy(file, out);
    }
    String path = "'connector' = 'ringtap', 'path' = '" + file + "'";
    assertThat(rows("f", path, "")).isBetween(4_950.0, 5_050.0);
    assertThat(rows("f", path, "LIMIT 70")).isEqualTo(70);
    assertThat(rows("f", path + ", 'scan.parallelism' = '2'", "")).isBetween(4_950.0, 5_050.0);
    assertThat(
            rows("f", "'connector' = 'filesystem', 'format' = 'pcap', 'path' = '" + file + "'", ""))
        .isBetween(4_950.0, 5_050.0);
    for (String unknown :
        List.of(
            path + ", 'limit' = '3'",
            path + ", 'filter' = 'udp'",
            "'connector' = 'ringtap', 'path' = '" + packed + "'",
            "'connector' = 'ringtap', 'path' = '/no/such'",
            "'connector' = 'filesystem', 'format' = 'pcap', 'path' = '" + packed + "'")) {
      assertThat(rows("f", unknown, "")).as(unknown).isEqualTo(FLINKS_GUESS);
    }
    assertThat(rows("f", path, "WHERE vlan_id = 1")).isGreaterThan(5_050);
  }

  /** What the planner of a batch job takes the scan's rows to be. */
  private static double rows(String table, String options, String clause) {
    TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inBatchMode());
    tables.executeSql(
        "CREATE TABLE " + table + " (vlan_id INT, payload BYTES) WITH (" + options + ")");
    String plan =
        tables.explainSql(
            "SELECT payload FROM " + table + " " + clause, ExplainDetail.ESTIMATED_COST);
    Matcher rows = SCANNED_ROWS.matcher(plan);
    assertThat(rows.find()).as(plan).isTrue();
    return Double.parseDouble(rows.group(1));
  }
}
