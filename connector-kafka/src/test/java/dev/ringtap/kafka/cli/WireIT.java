package dev.ringtap.kafka.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way of a frame against tools of others: tcpreplay puts captures on a wire, tcpdump writes
 * what it sees there, kcat reads the topic, and Avro for Python decodes it. Everything must be
 * equal.
 *
 * <p>The captures are made up. With {@code -Dringtap.captures=DIRECTORY} the Ethernet captures in
 * that directory (pcap files) are replayed too.
 */
@Timeout(300)
class WireIT {
  private static final int GENERATED_FILES = 300;
  private static final int FRAMES_PER_FILE = 20;
  private static final int MTU = 9000;

  /** A tagged frame without two bytes after its tag is dropped by the kernel before any tap. */
  private static final int SHORTEST = 20;

  private static final int LONGEST = MTU + 14;

  @TempDir Path directory;

  @Test
  void topicEqualsTcpdumpsFile() throws Exception {
    Requirements.programs("tcpdump");
    Requirements.programs("tcpreplay");
    Requirements.programs("kcat");
    assertThat(Files.isDirectory(Path.of("/usr/lib/python3/dist-packages/avro")))
        .as("Debian's package python3-avro")
        .isTrue();
    List<Path> captures = captures();
    try (TestNetwork network = TestNetwork.create()) {
      network.broker(directory.resolve("broker"));
      Path theirs = directory.resolve("tcpdump.pcap");
      Output tcpdump =
          network.start(
              "tcpdump",
              "-Z",
              "root",
              "-i",
              TestNetwork.RIGHT,
              "-B",
              "65536",
              "--time-stamp-precision=nano",
              "-w",
              theirs.toString());
      tcpdump.await("listening on");
      Output capture =
          network.ringtap(
              "capture",
              "-i",
              TestNetwork.RIGHT,
              "-b",
              "127.0.0.1:9092",
              "-t",
              "wire",
              "--partitions",
              "1");
      capture.await("listening on");
      long sent = 0;
      for (int at = 0; at < captures.size(); at += 100) {
        sent += replay(network, captures.subList(at, Math.min(at + 100, captures.size())));
      }
      Thread.sleep(1000);
      capture.terminate();
      assertThat(capture.exitCode(60)).as(capture.text()).isZero();
      tcpdump.terminate();
      tcpdump.exitCode(30);
      assertThat(tcpdump.text()).contains("\n0 packets dropped by kernel");
      assertThat(capture.text())
          .contains("\n0 packets dropped by kernel", sent + " packets captured");

      Path topic = directory.resolve("topic");
      network.exec(
          "sh",
          "-c",
          "kcat -q -C -b 127.0.0.1:9092 -t wire -o beginning -e -D '' -f '%T %R%s' > " + topic);
      String result =
          TestNetwork.run(
              "/usr/bin/python3",
              "-W",
              "ignore",
              Path.of("src/test/resources/compare.py").toString(),
              "../ring-core/src/main/avro/Packet.avsc",
              topic.toString(),
              theirs.toString());
      System.out.println(captures.size() + " captures replayed, " + result.strip());
      assertThat(result).isEqualTo(sent + " frames equal\n");
    }
  }

  private static long replay(TestNetwork network, List<Path> files) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("tcpreplay", "-i", TestNetwork.LEFT, "--pps=50000"));
    files.forEach(file -> command.add(file.toString()));
    return TestNetwork.sent(network.exec(command.toArray(String[]::new)));
  }

  private List<Path> captures() throws IOException {
    List<Path> files = new ArrayList<>();
    Iterator<byte[]> frames = Packets.stream(20_261_122).iterator();
    for (int i = 0; i < GENERATED_FILES; i++) {
      files.add(writeGenerated(i, frames));
    }
    String more = System.getProperty("ringtap.captures");
    if (more != null) {
      try (Stream<Path> found = Files.walk(Path.of(more))) {
        for (Path file : found.filter(Files::isRegularFile).sorted().toList()) {
          Path copy = directory.resolve("real-" + files.size() + ".pcap");
          if (writeEthernet(file, copy)) {
            files.add(copy);
          }
        }
      }
    }
    return files;
  }

  private Path writeGenerated(int number, Iterator<byte[]> frames) throws IOException {
    ByteBuffer pcap = header(FRAMES_PER_FILE * (16 + LONGEST));
    for (int written = 0; written < FRAMES_PER_FILE; ) {
      byte[] frame = frames.next();
      if (frame.length >= SHORTEST && frame.length <= LONGEST) {
        add(pcap, frame);
        written++;
      }
    }
    Path file = directory.resolve("generated-" + number + ".pcap");
    Files.write(file, Arrays.copyOf(pcap.array(), pcap.position()));
    return file;
  }

  /**
   * Copies the whole frames that fit the wire; false where the file is no Ethernet pcap or has
   * none.
   */
  private static boolean writeEthernet(Path from, Path to) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(from));
    if (in.remaining() < 24) {
      return false;
    }
    int magic = in.getInt(0);
    boolean big = magic == 0xA1B2C3D4 || magic == 0xA1B23C4D;
    boolean little = magic == 0xD4C3B2A1 || magic == 0x4D3CB2A1;
    in.order(big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    if (!big && !little || in.getInt(20) != 1) {
      return false;
    }
    ByteBuffer out = header(2 * in.capacity() + 64);
    int frames = 0;
    for (int at = 24; at + 16 <= in.capacity(); ) {
      int captured = in.getInt(at + 8);
      if (captured < 0 || captured > in.capacity() - at - 16) {
        break;
      }
      if (captured >= SHORTEST && captured <= LONGEST) {
        byte[] frame = new byte[captured];
        in.get(at + 16, frame);
        add(out, frame);
        frames++;
      }
      at += 16 + captured;
    }
    if (frames > 0) {
      Files.write(to, Arrays.copyOf(out.array(), out.position()));
    }
    return frames > 0;
  }

  private static ByteBuffer header(int roomBytes) {
    return ByteBuffer.allocate(24 + roomBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0xA1B2C3D4)
        .putShort((short) 2)
        .putShort((short) 4)
        .putLong(0)
        .putInt(262_144)
        .putInt(1);
  }

  private static void add(ByteBuffer pcap, byte[] frame) {
    pcap.putInt(1).putInt(0).putInt(frame.length).putInt(frame.length).put(frame);
  }
}
