package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.example.FindLosses;
import dev.ringtap.example.FindLosses.Capture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The record's page shows the schema's fields, values of the encoder, and the code of its programs.
 * After a change of the schema's docs, run this test with {@code -Dreadme.update=true}: it writes
 * the tables anew.
 */
@Timeout(value = 10, unit = TimeUnit.SECONDS)
class RecordPageTest {
  private static final Path PAGE = Path.of("RECORD.md");
  private static final String END = "<!-- end -->";

  private static void assertRegion(String name, String expected) throws IOException {
    assertRegion(PAGE, name, expected);
  }

  /** A page's text between two marks. */
  static void assertRegion(Path path, String name, String expected) throws IOException {
    String page = Files.readString(path);
    String begin = "<!-- " + name + " -->\n";
    int from = page.indexOf(begin) + begin.length();
    assertThat(from).as("the page has " + begin).isGreaterThan(begin.length());
    int to = page.indexOf(END, from);
    if (Boolean.getBoolean("readme.update")) {
      Files.writeString(path, page.substring(0, from) + expected + page.substring(to));
    } else {
      assertThat(page.substring(from, to)).isEqualTo(expected);
    }
  }

  private static Map<String, Object> example() throws IOException {
    return ExampleRecords.printed(new PacketRecords().read(ExampleRecords.value()).get(0));
  }

  @Test
  void theExampleIsWhatTheEncoderMakes() throws IOException {
    assertRegion("example", "```json\n" + json(example(), 0) + "\n```\n");
  }

  @Test
  void theTableHasAllFields() throws IOException {
    StringBuilder table = new StringBuilder("| field | Avro type | meaning | example |\n");
    table.append("|---|---|---|---|\n");
    appendRows(table, "", PacketSchema.published(), example());
    assertRegion("fields", table.toString());
  }

  private static void appendRows(
      StringBuilder table, String prefix, Schema record, Map<String, Object> example) {
    for (Schema.Field field : record.getFields()) {
      Object value = example.get(field.name());
      boolean nested = value instanceof Map;
      table.append("| `").append(prefix).append(field.name()).append("` | ");
      table.append(typeName(field.schema())).append(" | ").append(field.doc()).append(" | ");
      table.append(nested ? "" : shortened(json(value, 1))).append(" |\n");
      if (nested) {
        @SuppressWarnings("unchecked")
        Map<String, Object> fields = (Map<String, Object>) value;
        appendRows(table, field.name() + ".", field.schema().getTypes().get(1), fields);
      }
    }
  }

  /** A record's fields without an example. */
  static void appendRows(StringBuilder table, String prefix, Schema record) {
    for (Schema.Field field : record.getFields()) {
      table.append("| `").append(prefix).append(field.name()).append("` | ");
      table.append(typeName(field.schema())).append(" | ").append(field.doc()).append(" |\n");
      if (field.schema().isUnion()) {
        for (Schema branch : field.schema().getTypes()) {
          if (branch.getType() == Schema.Type.RECORD) {
            appendRows(table, field.name() + ".", branch);
          }
        }
      }
    }
  }

  private static String shortened(String text) {
    return text.length() > 40 ? "`" + text.substring(0, 17) + "…`" : "`" + text + "`";
  }

  private static String typeName(Schema type) {
    return switch (type.getType()) {
      case UNION ->
          type.getTypes().stream()
              .map(RecordPageTest::typeName)
              .collect(Collectors.joining(" or "));
      case ENUM -> "enum: " + String.join(", ", type.getEnumSymbols());
      case RECORD -> type.getName();
      default ->
          type.getProp("logicalType") == null
              ? type.getName()
              : type.getName() + ", " + type.getProp("logicalType");
    };
  }

  /** One field a line, a nested record in one line. */
  private static String json(Object value, int depth) {
    if (value instanceof Map<?, ?> map) {
      String separator = depth == 0 ? ",\n  " : ", ";
      return map.entrySet().stream()
          .map(entry -> "\"" + entry.getKey() + "\": " + json(entry.getValue(), depth + 1))
          .collect(
              Collectors.joining(separator, depth == 0 ? "{\n  " : "{", depth == 0 ? "\n}" : "}"));
    }
    return value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
  }

  @Test
  void theFingerprintsAreTheSchemas() throws IOException {
    StringBuilder table = new StringBuilder("| schema | fingerprint | a value begins with |\n");
    table.append("|---|---|---|\n");
    for (Schema schema : List.of(PacketSchema.published(), PacketSchema.publishedBatch())) {
      table.append(
          "| `%s` | `%016x` | `%s` |\n"
              .formatted(
                  schema.getName(),
                  SchemaNormalization.parsingFingerprint64(schema),
                  HexFormat.ofDelimiter(" ").formatHex(PacketEncoder.singleObjectHeader(schema))));
    }
    assertRegion("fingerprints", table.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "java, src/test/java/dev/ringtap/example/FindLosses.java, 2",
    "python, examples/read_records.py, 0",
    "go, examples/read_records.go, 0"
  })
  void theCodeIsThatOfTheProgram(String language, Path program, int indent) throws IOException {
    String page = Files.readString(PAGE);
    String fence = "```" + language + "\n";
    int from = page.indexOf(fence) + fence.length();
    String shown = page.substring(from, page.indexOf("```", from));
    assertThat(Files.readString(program))
        .contains(indent == 0 ? shown : shown.indent(indent).replaceAll("(?m)^ +$", ""));
  }

  @Test
  void thePageNamesThePrograms() throws IOException {
    assertThat(Files.readString(PAGE))
        .contains("examples/read_records.py", "examples/read_records.go", "FindLosses.java");
  }

  private static byte[] value(String host, int member, long sequence, long lostBefore)
      throws IOException {
    Packet packet = new PacketRecords().read(ExampleRecords.value()).get(0);
    packet.setHost(host);
    packet.setMember(member);
    packet.setSequence(sequence);
    packet.setLostBefore(lostBefore);
    byte[] value = new byte[packet.toByteBuffer().remaining()];
    packet.toByteBuffer().get(value);
    return value;
  }

  @Test
  void theJavaExampleFindsTheLossesOfEachCapture() throws IOException {
    FindLosses losses = new FindLosses();
    losses.add(value("web-1", 0, 1, 2));
    losses.add(value("web-1", 0, 0, 0));
    losses.add(value("web-1", 0, 4, 5));
    losses.add(value("web-2", 0, 0, 0));
    losses.add(value("web-1", 1, 0, 9));
    Instant start = Instant.parse("2026-01-01T00:00:00.123456Z");
    assertThat(losses.captures()).hasSize(3);
    FindLosses.Counts counts = losses.captures().get(new Capture("web-1", start, 0));
    assertThat(counts.dropped()).isEqualTo(7);
    assertThat(counts.missing()).isEqualTo(2);
    counts = losses.captures().get(new Capture("web-2", start, 0));
    assertThat(counts.dropped()).isZero();
    assertThat(counts.missing()).isZero();
    assertThat(losses.captures().get(new Capture("web-1", start, 1)).dropped()).isEqualTo(9);
  }
}
