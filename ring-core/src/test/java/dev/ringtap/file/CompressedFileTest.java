package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import dev.ringtap.capture.Block;
import dev.ringtap.testkit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Small compressed files that are made to exhaust whoever reads them. */
@Timeout(60)
class CompressedFileTest {
  private static final byte[] PCAP =
      new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
          .pcapHeader(0xA1B2C3D4, 2, 4, 0, 1)
          .pcapRecord(1, 0, 60, 60, new byte[60])
          .toBytes();

  @TempDir Path directory;

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("trace.pcap.gz"), bytes);
  }

  private static byte[] gzip(byte[] member) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(all)) {
      out.write(member);
    }
    return all.toByteArray();
  }

  /** Two megabytes of them: a call for each would have no stack left. */
  @Test
  void emptyGzipMembersTakeNoStack() throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] empty = gzip(new byte[0]);
    for (int i = 0; i < 100_000; i++) {
      all.write(empty);
    }
    assertThatThrownBy(() -> Seen.all(write(all.toByteArray())))
        .isInstanceOf(CaptureFileException.class)
        .hasMessageContaining("trace.pcap.gz, byte 0: truncated dump file");
    all.write(gzip(PCAP));
    assertThat(Seen.all(write(all.toByteArray()))).hasSize(1);
  }

  @Test
  void aGzipFaultNamesItsCompressedByte() throws Exception {
    byte[] first = gzip(PCAP);
    byte[] both = new byte[2 * first.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(first, 0, both, first.length, first.length);
    byte[] wrongChecksum = both.clone();
    wrongChecksum[first.length - 8] ^= 1;
    assertFault(wrongChecksum, "gzip, compressed byte " + (first.length - 4) + ": checksum of");
    byte[] wrongMethod = both.clone();
    wrongMethod[first.length + 2] = 7;
    assertFault(wrongMethod, "gzip, compressed byte " + (first.length + 4) + ": method 7, flags");
    byte[] wrongData = both.clone();
    wrongData[first.length + 10] = 7;
    assertFault(wrongData, "gzip, compressed byte ");
    byte[] cut = Arrays.copyOf(both, first.length + 15);
    assertFault(cut, "gzip, compressed byte " + cut.length + ": the file ends within a member");
  }

  /** As gzip(1): zeros to the end of a tape's block are no fault. */
  @Test
  void whatFollowsTheLastMemberIsIgnored() throws Exception {
    byte[] first = gzip(PCAP);
    assertThat(Seen.all(write(Arrays.copyOf(first, first.length + 500)))).hasSize(1);
  }

  private void assertFault(byte[] bytes, String message) {
    assertThatThrownBy(() -> Seen.all(write(bytes)))
        .isInstanceOf(CaptureFileException.class)
        .hasMessageContaining("trace.pcap.gz, byte ")
        .hasMessageContaining(message);
  }

  /** 50 kB that describe 30 million interfaces, in a heap of 512 MiB. */
  @Test
  void interfacesByTheMillionDoNotFillTheHeap() throws Exception {
    Path file = directory.resolve("interfaces.pcapng.zst");
    byte[] section = new CaptureBytes(ByteOrder.LITTLE_ENDIAN).section().toBytes();
    CaptureBytes blocks = new CaptureBytes(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 100_000; i++) {
      blocks.interfaceBlock(1, 0);
    }
    byte[] hundredThousand = blocks.toBytes();
    try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(file))) {
      out.write(section);
      for (int i = 0; i < 300; i++) {
        out.write(hundredThousand);
      }
    }
    assertThat(Files.size(file)).isLessThan(100_000);
    String fault = section.length + 20 * PcapngReader.MOST_INTERFACES + ": a further interface";
    assertThat(child("512m", Drain.class, file.toString())).contains("byte " + fault);
  }

  /** The inputs of the fuzz target, each decompressed to 24 MiB at most, in a heap of 64 MiB. */
  @Test
  void theFuzzInputsAreReadInASmallHeap() throws Exception {
    int inputs = FuzzTest.corpus(CompressedFileFuzzTest.class).size();
    assertThat(inputs).isPositive();
    assertThat(child("64m", Fuzz.class)).isEqualTo(inputs + " inputs");
  }

  /** Drains a file; prints its fault. */
  static final class Drain {
    public static void main(String[] arguments) throws IOException {
      try (CaptureFile file = CaptureFile.open(Path.of(arguments[0]))) {
        while (!file.isEnded()) {
          Block block = file.poll(1000);
          if (block != null) {
            block.close();
          }
        }
      } catch (CaptureFileException e) {
        System.out.print(e.getMessage());
      }
    }
  }

  /** Gives its corpus to the fuzz target. */
  static final class Fuzz {
    public static void main(String[] arguments) throws Exception {
      List<byte[]> corpus = FuzzTest.corpus(CompressedFileFuzzTest.class);
      corpus.forEach(CompressedFileFuzzTest::fuzzerTestOneInput);
      System.out.print(corpus.size() + " inputs");
    }
  }

  private String child(String heap, Class<?> main, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output);
  }
}
