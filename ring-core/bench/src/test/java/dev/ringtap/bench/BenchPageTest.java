package dev.ringtap.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What the benchmarks write their figures with. */
@Timeout(10)
class BenchPageTest {
  @TempDir Path directory;

  @Test
  void writesOneRegionAndKeepsTheRest() throws Exception {
    Path file = directory.resolve("README.md");
    Files.writeString(
        file,
        "before\n<!-- bench a -->\nold\n<!-- end -->\nbetween\n<!-- bench b -->\n<!-- end -->\n");
    BenchPage page = BenchPage.of(file);
    page.write("b", new Table("x", "y").row(1, "two").toString());
    page.write("a", "new");
    assertThat(file)
        .hasContent(
            "before\n<!-- bench a -->\nnew\n<!-- end -->\nbetween\n"
                + "<!-- bench b -->\n| x | y |\n|---|---|\n| 1 | two |\n<!-- end -->\n");
    page.write("a", "new", BarChart.linear("ns").bar("b", "s", Samples.of(1)));
    assertThat(file).content().contains("new\n\n![ns](a.svg)\n<!-- end -->");
    assertThat(directory.resolve("a.svg")).isNotEmptyFile();
    assertThatThrownBy(() -> page.write("c", "")).hasMessageContaining("no region");
  }

  @Test
  void samplesShowTheMiddleAndBothEnds() {
    assertThat(Samples.of(3, 1, 2)).hasToString("2.00 (1.00–3.00)");
    assertThat(Samples.of(1, 2, 3, 24.44).median()).isEqualTo(2.5);
    assertThat(Samples.number(12345.6)).isEqualTo("12,346");
    assertThat(Samples.number(0.0472)).isEqualTo("0.047");
    assertThatThrownBy(Samples::of).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void barsAreAsLongAsTheirFigures() throws Exception {
    Path file = directory.resolve("bars.svg");
    BarChart.linear("ns").bar("<a>", "s", Samples.of(10)).bar("b", "s", Samples.of(40)).write(file);
    NodeList rectangles = elements(file, "rect");
    double one = width(rectangles, 1);
    double four = width(rectangles, 2);
    assertThat(four / one).isBetween(3.99, 4.01);
    assertThat(elements(file, "text").getLength()).isGreaterThan(4);
  }

  @Test
  void decadesAreEquallyFarApart() throws Exception {
    Path file = directory.resolve("lines.svg");
    new LineChart("ms", List.of("50 %", "99 %", "most")).line("one", 1, 10, 100).write(file);
    NodeList dots = elements(file, "circle");
    double first = height(dots, 0);
    assertThat(first - height(dots, 2))
        .isCloseTo(2 * (first - height(dots, 1)), Offset.offset(0.2));
  }

  private static NodeList elements(Path file, String name) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(file.toFile())
        .getElementsByTagName(name);
  }

  private static double width(NodeList elements, int index) {
    return Double.parseDouble(((Element) elements.item(index)).getAttribute("width"));
  }

  private static double height(NodeList elements, int index) {
    return Double.parseDouble(((Element) elements.item(index)).getAttribute("cy"));
  }
}
