package dev.ringtap.packet;

import static dev.ringtap.testkit.Packets.bytes;
import static dev.ringtap.testkit.Packets.ethernet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.LinkType;
import dev.ringtap.packet.PacketLineIT.Captured;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Community IDs equal those of the installed tshark. */
@Timeout(60)
class CommunityIdIT {
  @TempDir private Path directory;

  @Test
  void equalsTsharks() throws Exception {
    Requirements.programs("tshark");
    Random random = new Random(20261128);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      frames.add(Packets.frame(random));
    }
    for (boolean v6 : new boolean[] {false, true}) {
      for (int type = 0; type < 256; type++) {
        String src = Packets.address(random, v6);
        String dst = Packets.address(random, v6);
        frames.add(ethernet(Packets.icmp(src, dst, type, random.nextInt(20), bytes(60))));
      }
    }
    int compared = 0;
    List<String> theirs = tshark(frames);
    assertThat(theirs).hasSameSizeAs(frames);
    CommunityId ids = new CommunityId();
    for (int i = 0; i < frames.size(); i++) {
      byte[] frame = frames.get(i);
      MemorySegment memory = MemorySegment.ofArray(frame);
      PacketHeaders headers = new PacketHeaders().parse(memory, 0, frame.length, LinkType.ETHERNET);
      String ours = ids.of(headers);
      if (theirs.get(i).isEmpty() && headers.icmpType() >= 0) {
        // tshark has none for a message that it finds malformed
        continue;
      }
      assertThat(Objects.requireNonNullElse(ours, ""))
          .as("frame %s: %s", i, Arrays.toString(frame))
          .isEqualTo(theirs.get(i));
      compared += theirs.get(i).isEmpty() ? 0 : 1;
    }
    assertThat(compared).isGreaterThan(800);
  }

  private List<String> tshark(List<byte[]> frames) throws Exception {
    Path capture = directory.resolve("capture.pcap");
    Files.write(
        capture,
        PacketLineIT.pcap(
            LinkType.ETHERNET, frames.stream().map(f -> new Captured(f, f.length)).toList()));
    Path ids = directory.resolve("ids.txt");
    Process tshark =
        new ProcessBuilder(
                "tshark",
                "-n",
                "--enable-protocol",
                "communityid",
                "-T",
                "fields",
                "-e",
                "communityid",
                "-r",
                capture.toString())
            .redirectOutput(ids.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(tshark.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      tshark.destroyForcibly();
    }
    assertThat(tshark.exitValue()).isZero();
    return Files.readAllLines(ids);
  }
}
