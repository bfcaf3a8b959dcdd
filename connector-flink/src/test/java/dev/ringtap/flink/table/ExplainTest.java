package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** EXPLAIN tells what the kernel does and what Flink does. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainTest {
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
}
