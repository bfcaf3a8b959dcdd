package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Requirements;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** tcpdump and Wireshark's tools read what we write, and we read what they write. */
@Timeout(60)
class CaptureToolsIT {
  private static final long TIME = 1_700_000_000_000_000_000L;
  private static final int[] LENGTHS = {60, 1514, 0, 1, 59, 65535, 262144, 333};

  @TempDir Path directory;

  /** Frames on two interfaces, of every packet type, some with losses before. */
  private Path ours(int stepNanos) throws Exception {
    Path file = directory.resolve("ours.pcapng");
    Random random = new Random(7);
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int[] ids = {
        writer.addInterface(CaptureId.on("eth0"), 1, 262144),
        writer.addInterface(CaptureId.on("wlan0"), 1, 262144)
      };
      for (int i = 0; i < 200; i++) {
        byte[] payload = new byte[LENGTHS[i % LENGTHS.length]];
        random.nextBytes(payload);
        writer.write(
            ids[i % 3 == 0 ? 1 : 0],
            TIME + (long) i * stepNanos,
            payload.length + i % 2,
            PacketType.values()[i % 5],
            i % 8,
            i % 9 == 5 ? i : 0,
            MemorySegment.ofArray(payload),
            0,
            payload.length);
      }
      writer.writeStatistics(ids[0], 4242, 17);
    }
    return file;
  }

  private static List<Seen> core(List<Seen> frames) {
    return frames.stream().map(Seen::core).toList();
  }

  @Test
  void tcpdumpReadsOurs() throws Exception {
    Requirements.programs("tcpdump");
    Path ours = ours(1_000_001);
    Path theirs = directory.resolve("theirs.pcap");
    int code =
        Tool.run(
            theirs, "tcpdump", "-r", ours.toString(), "--time-stamp-precision=nano", "-w", "-");
    assertThat(code).isZero();
    assertThat(core(Seen.all(theirs))).isEqualTo(core(Seen.all(ours))).hasSize(200);
  }

  @Test
  void tcpdumpReadsAFileWithoutFrames() throws Exception {
    Requirements.programs("tcpdump");
    Path empty = directory.resolve("empty.pcapng");
    PcapngWriter.create(empty).close();
    assertThat(Tool.print(directory, "tcpdump", "-r", empty.toString())).isEmpty();
  }

  @Test
  void tsharkAndCapinfosReadOurs() throws Exception {
    Requirements.programs("tshark", "capinfos");
    Path ours = ours(1_000_001);
    List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", ours.toString()));
    // Only the frames' own fields: what the random bytes mean is of no interest.
    command.addAll(List.of("--disable-protocol", "eth"));
    command.addAll(List.of("-T", "fields", "-E", "separator=|"));
    for (String field :
        List.of("time_epoch", "len", "cap_len", "interface_name", "drop_count", "packet_flags")) {
      command.addAll(List.of("-e", "frame." + field));
    }
    String printed = Tool.print(directory, command.toArray(String[]::new));
    List<String> expected = new ArrayList<>();
    for (Seen frame : Seen.all(ours)) {
      expected.add(
          String.format(
              "%d.%09d|%d|%d|%s|%s|0x%08x",
              frame.timestampNanos() / 1_000_000_000,
              frame.timestampNanos() % 1_000_000_000,
              frame.originalLength(),
              frame.payload().length() / 2,
              frame.interfaceName(),
              frame.lostBefore() == 0 ? "" : frame.lostBefore(),
              PcapngFormat.flags(frame.packetType(), frame.flags())));
    }
    assertThat(printed.lines().toList()).isEqualTo(expected);
    String infos = Tool.print(directory, "capinfos", "-M", ours.toString());
    assertThat(infos)
        .containsPattern("Number of packets: +200")
        .contains("Capture application: Ringtap")
        .contains("Name = eth0")
        .contains("Name = wlan0")
        .contains("Time precision = nanoseconds (9)")
        .containsPattern("Number of stat entries = 1");
  }

  @ParameterizedTest
  @CsvSource({"pcap,1000000", "nsecpcap,1000001", "pcapng,1000001"})
  void weReadEditcapsFiles(String format, int stepNanos) throws Exception {
    Requirements.programs("editcap");
    Path ours = ours(stepNanos);
    Path theirs = directory.resolve("theirs");
    Tool.print(directory, "editcap", "-F", format, ours.toString(), theirs.toString());
    List<Seen> frames = Seen.all(theirs);
    if (format.equals("pcapng")) {
      assertThat(frames).isEqualTo(Seen.all(ours));
    } else {
      assertThat(core(frames)).isEqualTo(core(Seen.all(ours))).hasSize(200);
    }
  }

  @Test
  void weReadTsharksFile() throws Exception {
    Requirements.programs("tshark");
    Path ours = ours(1_000_001);
    Path theirs = directory.resolve("theirs.pcapng");
    assertThat(Tool.run(theirs, "tshark", "-r", ours.toString(), "-w", "-")).isZero();
    assertThat(Seen.all(theirs)).isEqualTo(Seen.all(ours));
  }

  @Test
  void weReadMergedInterfacesOfSeveralLinkTypes() throws Exception {
    Requirements.programs("mergecap", "text2pcap");
    Path hex = directory.resolve("hex");
    byte[] payload = new byte[32];
    Arrays.fill(payload, (byte) 0x45);
    StringBuilder text = new StringBuilder("0000");
    for (byte value : payload) {
      text.append(String.format(" %02x", value));
    }
    Files.writeString(hex, text + "\n");
    Path raw = directory.resolve("raw.pcapng");
    Tool.print(directory, "text2pcap", "-l", "101", hex.toString(), raw.toString());
    Path ours = ours(1_000_001);
    Path merged = directory.resolve("merged.pcapng");
    Tool.print(
        directory, "mergecap", "-a", "-w", merged.toString(), ours.toString(), raw.toString());
    List<Seen> frames = Seen.all(merged);
    assertThat(frames.subList(0, 200)).isEqualTo(Seen.all(ours));
    assertThat(frames.get(200).linkType()).isEqualTo(101);
    assertThat(frames.get(200).payload()).isEqualTo(HexFormat.of().formatHex(payload));
  }
}
