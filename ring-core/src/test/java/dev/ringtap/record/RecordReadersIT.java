package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Requirements;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs that know the schemas alone read what Java reads: those that the record's page shows.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RecordReadersIT {
  private static final String SCHEMAS = "src/main/avro";
  private static final int SNAP_LENGTH = 262_144;
  private static final int MAX_FRAMES = 20;
  private static final int MAX_FRAME_BYTES = 1514;
  private static final int MAX_LOSS = 1 << 20;
  private static final List<CaptureId> CAPTURES =
      List.of(
          new CaptureId("web-1", "eth0", 1_767_225_600_123_456L, 0),
          new CaptureId("web-1", "eth0", 1_767_225_600_123_456L, 3),
          new CaptureId("web-1", "eth0", 1_767_229_200_000_000L, 0),
          new CaptureId("büro", "eth0.100", 1_767_225_600_123_456L, 0),
          new CaptureId("", "trace.pcap", 1L, 0));

  private final Random random = new Random(15);
  private final ObjectMapper json = new ObjectMapper();
  private final List<JsonNode> expected = new ArrayList<>();

  @TempDir Path directory;
  private Path values;

  @BeforeEach
  void makeValues() throws IOException {
    values = directory.resolve("values");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(values))) {
      write(out, ExampleRecords.value());
      write(out, PacketBatchEncoder.singleObject().finish());
      for (int i = 0; i < 40; i++) {
        writeBlock(out, CAPTURES.get(i % CAPTURES.size()), random.nextBoolean());
      }
    }
    assertThat(expected).hasSizeGreaterThan(100);
  }

  private void write(DataOutputStream out, byte[] value) throws IOException {
    out.writeInt(value.length);
    out.write(value);
    for (Packet packet : new PacketRecords().read(value)) {
      expected.add(json.readTree(json.writeValueAsString(ExampleRecords.printed(packet))));
    }
  }

  private void writeBlock(DataOutputStream out, CaptureId capture, boolean packed)
      throws IOException {
    PacketEncoder encoder = PacketEncoder.singleObject();
    PacketBatchEncoder batch = PacketBatchEncoder.singleObject();
    try (BlockBuilder builder = new BlockBuilder(1 << 20)) {
      builder.start(capture, LinkType.ETHERNET, SNAP_LENGTH);
      int frames = 1 + random.nextInt(MAX_FRAMES);
      for (int i = 0; i < frames; i++) {
        append(builder);
      }
      try (Block block = builder.build(random.nextLong(1L << 40), random.nextInt(MAX_LOSS))) {
        Frame frame;
        while ((frame = block.next()) != null) {
          if (packed) {
            batch.add(frame);
          } else {
            write(out, encoder.encode(frame));
          }
        }
      }
    }
    if (packed) {
      write(out, batch.finish());
    }
  }

  private void append(BlockBuilder builder) {
    byte[] frame = new byte[14 + random.nextInt(MAX_FRAME_BYTES - 13)];
    random.nextBytes(frame);
    builder.flags(random.nextInt(8));
    assertThat(
            builder.append(
                random.nextLong(4_000_000_000_000_000_000L),
                frame.length + random.nextInt(100),
                PacketType.values()[random.nextInt(5)],
                random.nextBoolean() ? 0x88A8 << 16 | random.nextInt(0x10000) : 0,
                MemorySegment.ofArray(frame),
                0,
                frame.length))
        .isTrue();
  }

  @Test
  void pythonReadsWhatJavaReads() throws Exception {
    Requirements.programs("/usr/bin/python3");
    Requirements.filesOf("python3-avro", "/usr/lib/python3/dist-packages/avro");
    assertReads(Map.of(), "/usr/bin/python3", "-W", "ignore", "examples/read_records.py", SCHEMAS);
  }

  @Test
  void goReadsWhatJavaReads() throws Exception {
    String library = "/usr/share/gocode/src/github.com/linkedin/goavro";
    Requirements.programs("go");
    Requirements.filesOf("golang-github-linkedin-goavro-dev", library);
    // the module's path ends with its major version, the directory of Debian's package does not
    Path link = directory.resolve("go/src/github.com/linkedin/goavro/v2");
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, Path.of(library));
    Map<String, String> environment =
        Map.of(
            "GO111MODULE",
            "off",
            "GOFLAGS",
            "",
            "GOPATH",
            directory.resolve("go") + ":/usr/share/gocode",
            "GOCACHE",
            directory.resolve("go-cache").toString());
    assertReads(environment, "go", "run", "examples/read_records.go", SCHEMAS);
  }

  private void assertReads(Map<String, String> environment, String... command) throws Exception {
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(values.toFile())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(150, TimeUnit.SECONDS)).as(String.join(" ", command)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
    List<JsonNode> read = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      read.add(json.readTree(line));
    }
    assertThat(read).isEqualTo(expected);
  }
}
