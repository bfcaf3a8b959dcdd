package dev.ringtap.flink.bench;

import dev.ringtap.bench.BenchPage;
import dev.ringtap.bench.Machine;
import dev.ringtap.bench.Samples;
import dev.ringtap.bench.Table;
import dev.ringtap.flink.source.PcapFile;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;

/** Frames per second through a query, with and without push-down. */
final class SqlBenchmark {
  private static final int ROUNDS = 5;
  private static final int DISTINCT_FRAMES = 10_000;
  private static final int COPIES = 200;
  private static final List<String> QUERIES =
      List.of(
          "SELECT vlan_id, COUNT(*) FROM packets GROUP BY vlan_id",
          "SELECT vlan_id, COUNT(*) FROM packets WHERE dst_port < 10000 GROUP BY vlan_id",
          "SELECT vlan_id, COUNT(*) FROM packets WHERE ip_protocol = 17 GROUP BY vlan_id");

  private SqlBenchmark() {}

  /** The number of rounds, or nothing. */
  static void main(String[] arguments) throws IOException {
    int rounds = arguments.length == 0 ? ROUNDS : Integer.parseInt(arguments[0]);
    Path file = Files.createTempFile(Path.of("target"), "bench", ".pcap");
    write(file);
    Table table =
        new Table("query", "with push-down, M/s", "without, M/s", "ratio of times without ÷ with");
    for (String query : QUERIES) {
      double[] with = new double[rounds];
      double[] without = new double[rounds];
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        with[round] = Fork.run(Query.class, file, true, query) / 1e6;
        without[round] = Fork.run(Query.class, file, false, query) / 1e6;
        ratios[round] = with[round] / without[round];
      }
      table.row("`" + query + "`", Samples.of(with), Samples.of(without), Samples.of(ratios));
    }
    Files.delete(file);
    BenchPage.ofModule().write("sql", Machine.describe() + "\n\n" + table);
  }

  private static void write(Path file) throws IOException {
    List<byte[]> frames =
        Packets.stream(1).filter(frame -> frame.length >= 14).limit(DISTINCT_FRAMES).toList();
    PcapFile.create(file);
    for (int copy = 0; copy < COPIES; copy++) {
      PcapFile.append(file, frames, copy * DISTINCT_FRAMES);
    }
  }

  /** One query: once to warm up, then against the clock. */
  static final class Query {
    private Query() {}

    /** File, push-down, query. */
    public static void main(String[] arguments) {
      TableEnvironment tables =
          TableEnvironment.create(EnvironmentSettings.newInstance().inBatchMode().build());
      tables.getConfig().set("table.exec.resource.default-parallelism", "1");
      tables.executeSql(
          "CREATE TABLE packets (vlan_id INT, dst_port INT, ip_protocol INT)"
              + " WITH ('connector' = 'ringtap', 'path' = '"
              + arguments[0]
              + "', 'push-down' = '"
              + arguments[1]
              + "')");
      List<Row> first = rows(tables, arguments[2]);
      long start = System.nanoTime();
      List<Row> second = rows(tables, arguments[2]);
      long nanos = System.nanoTime() - start;
      if (first.isEmpty() || first.size() != second.size()) {
        throw new IllegalStateException(first.size() + " rows, then " + second.size());
      }
      Fork.result(COPIES * DISTINCT_FRAMES * 1e9 / nanos);
    }

    private static List<Row> rows(TableEnvironment tables, String query) {
      List<Row> rows = new ArrayList<>();
      tables.executeSql(query).collect().forEachRemaining(rows::add);
      return rows;
    }
  }
}
