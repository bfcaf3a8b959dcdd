package dev.ringtap.flink.table;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/** A column that tables may have, by name and in any order. */
interface TableColumn {
  /** The column's name in SQL. */
  String columnName();

  /** Its type. */
  DataType dataType();

  /** Whether no row has NULL in it. */
  boolean isAlwaysThere();

  /**
   * The column of a name and type.
   *
   * @param all that there are
   * @param of what the rows are, for messages
   * @throws ValidationException if there is none; the message lists those that there are
   */
  static <C extends TableColumn> C of(C[] all, String of, String name, LogicalType type) {
    Optional<C> found =
        Arrays.stream(all).filter(each -> each.columnName().equals(name)).findFirst();
    if (found.isEmpty()) {
      throw new ValidationException(
          "a table of " + of + " has no column '" + name + "'; there are: " + listing(all));
    }
    C column = found.get();
    if (type.getTypeRoot() != column.dataType().getLogicalType().getTypeRoot()
        || !takes(column, type)) {
      throw new ValidationException(
          "column '%s' is declared as %s; it is %s%s. All columns: %s"
              .formatted(
                  name,
                  type.asSummaryString(),
                  column.typeName(),
                  column.isAlwaysThere() ? "" : ", and may be NULL",
                  listing(all)));
    }
    return column;
  }

  /** Types that would cut the value, or forbid a NULL that may come, are refused. */
  private static boolean takes(TableColumn column, LogicalType type) {
    boolean nullable = column.isAlwaysThere() || type.isNullable();
    boolean whole =
        type.is(LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE)
            || type.copy(true).equals(column.dataType().getLogicalType());
    return nullable && whole;
  }

  /** The type as it is declared. */
  default String typeName() {
    String text = dataType().getLogicalType().asSummaryString();
    return text.equals("VARBINARY(2147483647)")
        ? "BYTES"
        : text.equals("VARCHAR(2147483647)") ? "STRING" : text;
  }

  private static String listing(TableColumn[] all) {
    return Arrays.stream(all)
        .map(each -> "`" + each.columnName() + "` " + each.typeName())
        .collect(Collectors.joining(", "));
  }
}
