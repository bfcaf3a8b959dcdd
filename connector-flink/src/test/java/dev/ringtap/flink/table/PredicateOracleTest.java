package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.testkit.Packets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A condition finds the frames for which Flink's own evaluation is true: in the list of a SELECT,
 * from where nothing is pushed down.
 */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
@Timeout(3600)
class PredicateOracleTest {
  private static final int PREDICATES = Integer.getInteger("ringtap.predicates", 100);
  private static final long SEED = Long.getLong("ringtap.seed", 14);
  private static final int AT_ONCE = 50;

  /** Each looks like a comparison of a column, and compares what a cast has made of it. */
  private static final List<String> NARROWED =
      List.of(
          "CAST(dst_port AS TINYINT) = CAST(53 AS TINYINT)",
          "CAST(dst_port AS TINYINT) IN (53, 54)",
          "CAST(dst_port AS SMALLINT) < CAST(0 AS SMALLINT)",
          "CAST(ip_src AS VARCHAR(8)) = '10.0.0.1'",
          "CAST(ip_src AS VARCHAR(2)) LIKE '10.%'",
          "CAST(ip_src AS VARCHAR(8)) IN ('10.0.0.1', '10.1.2.3')",
          "CAST(packet_type AS CHAR(2)) = 'HO'");

  /** Casts that keep every value. */
  private static final List<String> WIDENED =
      List.of(
          "CAST(dst_port AS BIGINT) = 53",
          "CAST(dst_port AS INT) = 53",
          "dst_port = CAST(53 AS BIGINT)",
          "CAST(ip_src AS STRING) = '10.0.0.1'",
          "ip_src = CAST('10.0.0.1' AS VARCHAR(20))");

  @TempDir Path directory;

  private String path;
  private int frames;

  @BeforeEach
  void writeFrames() throws Exception {
    List<byte[]> all = SampleFrames.all(100);
    String[] senders = {"10.0.0.1", "10.0.0.17", "10.0.0.150"};
    int[] ports = {53, 309, 60_000};
    for (String sender : senders) {
      for (int port : ports) {
        all.add(Packets.ethernet(Packets.udp(sender, 9, "10.2.0.1", port, new byte[20])));
      }
    }
    frames = all.size();
    path = "'path' = '" + PcapFile.write(directory.resolve("frames.pcap"), all) + "'";
  }

  /** The numbers of the frames that each condition finds. */
  private List<TreeSet<Long>> find(List<String> conditions, String options) throws Exception {
    StreamTableEnvironment tables = PushDownIT.tables();
    tables.executeSql(PushDownIT.table("packets", path + options));
    List<TreeSet<Long>> found = new ArrayList<>();
    conditions.forEach(each -> found.add(new TreeSet<>()));
    String query =
        IntStream.range(0, conditions.size())
            .mapToObj(i -> "SELECT " + i + ", `sequence` FROM packets WHERE " + conditions.get(i))
            .collect(Collectors.joining(" UNION ALL "));
    try (CloseableIterator<Row> rows = tables.executeSql(query).collect()) {
      rows.forEachRemaining(
          row -> {
            TreeSet<Long> of = found.get((Integer) row.getField(0));
            assertThat(of.add((Long) row.getField(1))).as("no frame twice").isTrue();
          });
    }
    return found;
  }

  /** The same by Flink alone. */
  private List<TreeSet<Long>> evaluate(List<String> conditions) throws Exception {
    StreamTableEnvironment tables = PushDownIT.tables();
    tables.executeSql(PushDownIT.table("packets", path + ", 'push-down' = 'false'"));
    List<TreeSet<Long>> found = new ArrayList<>();
    conditions.forEach(each -> found.add(new TreeSet<>()));
    String query = "SELECT `sequence`, " + String.join(", ", conditions) + " FROM packets";
    int rowsSeen = 0;
    try (CloseableIterator<Row> rows = tables.executeSql(query).collect()) {
      while (rows.hasNext()) {
        Row row = rows.next();
        rowsSeen++;
        for (int i = 0; i < conditions.size(); i++) {
          if (Boolean.TRUE.equals(row.getField(1 + i))) {
            found.get(i).add((Long) row.getField(0));
          }
        }
      }
    }
    assertThat(rowsSeen).isEqualTo(frames);
    return found;
  }

  private void compare(List<String> conditions) throws Exception {
    List<TreeSet<Long>> wanted = evaluate(conditions);
    List<TreeSet<Long>> found = find(conditions, "");
    List<String> different = new ArrayList<>();
    for (int i = 0; i < conditions.size(); i++) {
      if (!found.get(i).equals(wanted.get(i))) {
        different.add(found.get(i).size() + " / " + wanted.get(i).size() + " " + conditions.get(i));
      }
    }
    assertThat(different).as("frames found with / without push-down").isEmpty();
  }

  @Test
  void aCastThatChangesValuesIsDecidedByFlink() throws Exception {
    compare(NARROWED);
    assertThat(find(NARROWED, ", 'push-down' = 'false'")).isEqualTo(evaluate(NARROWED));
  }

  @Test
  void aCastThatKeepsEveryValueIsLookedThrough() throws Exception {
    compare(WIDENED);
    StreamTableEnvironment tables = PushDownIT.tables();
    tables.executeSql(PushDownIT.table("packets", path));
    for (String each : WIDENED) {
      assertThat(tables.explainSql("SELECT payload FROM packets WHERE " + each))
          .as(each)
          .doesNotContain("where=[");
    }
  }

  /** {@code -Dringtap.predicates=10000} for more, {@code -Dringtap.seed} for others. */
  @Test
  void randomConditionsFindWhatFlinkFinds() throws Exception {
    RandomPredicates random = new RandomPredicates(SEED);
    for (int done = 0; done < PREDICATES; done += AT_ONCE) {
      List<String> conditions = new ArrayList<>();
      while (conditions.size() < Math.min(AT_ONCE, PREDICATES - done)) {
        conditions.add(random.next());
      }
      compare(conditions);
    }
  }
}
