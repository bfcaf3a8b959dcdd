package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What {@code tcpdump -r FILE -w -} makes of a capture file.
 *
 * @param frames those that it could read
 * @param fault what it said at the fault it ended with, null if there was none
 */
record TcpdumpReading(List<Frame> frames, String fault) {
  /** A frame; the fraction is as tcpdump has it, beyond a second if the file says so. */
  record Frame(int linkType, int seconds, int fractionNanos, int originalLength, String payload) {}

  static TcpdumpReading of(Path file, Path directory) throws IOException, InterruptedException {
    Path output = directory.resolve("tcpdump.pcap");
    Path errors = directory.resolve("tcpdump.err");
    Process process =
        new ProcessBuilder(
                "tcpdump", "-r", file.toString(), "--time-stamp-precision=nano", "-w", "-")
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("tcpdump -r %s", file).isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> said = Files.readString(errors).lines().toList();
    String fault = said.isEmpty() ? "exit code " + process.exitValue() : said.get(said.size() - 1);
    return new TcpdumpReading(
        frames(Files.readAllBytes(output)), process.exitValue() == 0 ? null : fault);
  }

  private static List<Frame> frames(byte[] pcap) {
    List<Frame> frames = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(pcap).order(ByteOrder.nativeOrder());
    int linkType = pcap.length == 0 ? 0 : in.getInt(20) & 0xFFFF;
    for (int at = 24; at < pcap.length; ) {
      int captured = in.getInt(at + 8);
      frames.add(
          new Frame(
              linkType,
              in.getInt(at),
              in.getInt(at + 4),
              in.getInt(at + 12),
              HexFormat.of().formatHex(pcap, at + 16, at + 16 + captured)));
      at += 16 + captured;
    }
    return frames;
  }
}
