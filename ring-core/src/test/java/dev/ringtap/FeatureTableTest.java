package dev.ringtap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The table of features: every Ringtap cell links to a test that there is. */
@Timeout(value = 10, unit = TimeUnit.SECONDS)
class FeatureTableTest {
  private static final Path TABLE = Path.of("FEATURES.md");
  private static final int COLUMNS = 9;
  private static final Pattern NOTE = Pattern.compile("\\[\\^(\\d+)]");
  private static final Pattern OURS = Pattern.compile("\\[(yes|partial)]\\[(\\w+)]");
  private static final Pattern LINK = Pattern.compile("\\[(\\w+)]: (\\S+\\.java)#(\\w+)");

  /** The rows of features, cell by cell. */
  private static List<List<String>> rows(List<String> lines) {
    List<List<String>> rows = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith("| ") && NOTE.matcher(line).find()) {
        String[] cells = line.substring(1, line.lastIndexOf('|')).split("\\|");
        rows.add(Arrays.stream(cells).map(String::strip).toList());
      }
    }
    return rows;
  }

  @Test
  void everyRowIsCompleteAndItsFootnoteIsThere() throws IOException {
    List<String> lines = Files.readAllLines(TABLE);
    List<List<String>> rows = rows(lines);
    assertThat(rows).hasSizeGreaterThan(50);
    Set<String> notes = new HashSet<>();
    for (List<String> row : rows) {
      assertThat(row).hasSize(COLUMNS);
      assertThat(row.subList(1, COLUMNS - 1)).isSubsetOf("yes", "no", "partial", "?");
      assertThat(row.get(COLUMNS - 1)).as(row.get(0)).matches(OURS);
      Matcher note = NOTE.matcher(row.get(0));
      assertThat(note.find()).isTrue();
      assertThat(notes.add(note.group(1))).as("footnote %s is one row's", note.group(1)).isTrue();
    }
    assertThat(lines.stream().filter(line -> line.matches("\\[\\^\\d+]: .+\\.")))
        .extracting(line -> line.substring(2, line.indexOf(']')))
        .containsExactlyInAnyOrderElementsOf(notes);
  }

  @Test
  void everyLinkLeadsToATest() throws IOException {
    List<String> lines = Files.readAllLines(TABLE);
    Map<String, Matcher> links = new HashMap<>();
    for (String line : lines) {
      Matcher link = LINK.matcher(line);
      if (link.matches()) {
        links.put(link.group(1), link);
      }
    }
    Set<String> used = new HashSet<>();
    for (List<String> row : rows(lines)) {
      Matcher ours = OURS.matcher(row.get(COLUMNS - 1));
      assertThat(ours.matches()).as(row.get(0)).isTrue();
      used.add(ours.group(2));
    }
    assertThat(links.keySet()).containsExactlyInAnyOrderElementsOf(used);
    for (Matcher link : links.values()) {
      Path file = Path.of(link.group(2));
      assertThat(file).isRegularFile();
      Pattern test =
          Pattern.compile(
              "@(Test|ParameterizedTest)\\b[^;{}]*(\\{[^;{}]*}[^;{}]*)*\\bvoid "
                  + link.group(3)
                  + "\\(");
      assertThat(test.matcher(Files.readString(file)).find())
          .as("%s has the test %s", file, link.group(3))
          .isTrue();
    }
  }
}
