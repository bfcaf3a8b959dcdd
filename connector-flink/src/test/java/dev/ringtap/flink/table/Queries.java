package dev.ringtap.flink.table;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** What a query that ends gives. */
@SuppressWarnings("try") // the close of Flink's iterator may throw InterruptedException
final class Queries {
  private Queries() {}

  static List<Row> rows(TableEnvironment tables, String query) throws Exception {
    List<Row> rows = new ArrayList<>();
    try (CloseableIterator<Row> all = tables.executeSql(query).collect()) {
      all.forEachRemaining(rows::add);
    }
    return rows;
  }

  /** As texts, in an order of their own. */
  static List<String> sorted(TableEnvironment tables, String query) throws Exception {
    return rows(tables, query).stream().map(Row::toString).sorted().toList();
  }
}
