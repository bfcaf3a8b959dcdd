package dev.ringtap.bench;

import java.util.Collections;
import java.util.List;

/** A table of Markdown. Not thread-safe. */
public final class Table {
  private final int columns;
  private final StringBuilder markdown = new StringBuilder();

  public Table(String... titles) {
    columns = titles.length;
    row((Object[]) titles);
    markdown
        .append("|")
        .append(String.join("|", Collections.nCopies(columns, "---")))
        .append("|\n");
  }

  /** Adds a row with a cell for each column. */
  public Table row(Object... cells) {
    if (cells.length != columns) {
      throw new IllegalArgumentException(cells.length + " cells for " + columns + " columns");
    }
    List.of(cells).forEach(cell -> markdown.append("| ").append(cell).append(' '));
    markdown.append("|\n");
    return this;
  }

  @Override
  public String toString() {
    return markdown.toString();
  }
}
