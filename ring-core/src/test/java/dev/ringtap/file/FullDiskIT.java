package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills up while a file is written. */
@Timeout(60)
class FullDiskIT {
  private static final int FRAME_BYTES = 1499;

  @TempDir Path directory;

  private static int writeUntilItFails(PcapngWriter writer, String message) throws IOException {
    int id = writer.addInterface(CaptureId.on("eth0"), 1, 0);
    MemorySegment frame = MemorySegment.ofArray(new byte[FRAME_BYTES]);
    int given = 0;
    IOException failure = null;
    while (failure == null && given < 10_000) {
      given++;
      try {
        writer.write(id, given, FRAME_BYTES, PacketType.HOST, 0, 0, frame, 0, FRAME_BYTES);
      } catch (IOException e) {
        failure = e;
      }
    }
    assertThat(failure).hasMessage(message);
    return given;
  }

  @Test
  void cutsTheFileBackToTheLastWholeBlock() throws Exception {
    Requirements.programs("mount", "umount");
    Path disk = Files.createDirectory(directory.resolve("disk"));
    Path log = directory.resolve("log");
    int code = Tool.run(log, "mount", "-t", "tmpfs", "-o", "size=3000k", "tmpfs", disk.toString());
    assumeTrue(code == 0, "mount of a tmpfs is not permitted");
    try {
      Path file = disk.resolve("out.pcapng");
      PcapngWriter writer = PcapngWriter.create(file);
      int given =
          writeUntilItFails(writer, "cannot write to " + file + ": No space left on device");
      assertThatThrownBy(writer::close).isInstanceOf(IOException.class);
      assertThat(writer.framesWritten()).isBetween(1800L, 2000L);
      assertThat(writer.framesWritten() + writer.framesLost()).isEqualTo(given);
      List<Seen> frames = Seen.all(file);
      assertThat(frames).hasSize((int) writer.framesWritten());
      assertThat(frames.get(frames.size() - 1).timestampNanos()).isEqualTo(frames.size());
    } finally {
      assertThat(Tool.run(log, "umount", disk.toString())).isZero();
    }
  }

  @Test
  void tellsThatADeviceTakesNothing() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "/dev/full is not here");
    PcapngWriter writer = PcapngWriter.create(full);
    int given = writeUntilItFails(writer, "cannot write to /dev/full: No space left on device");
    assertThatThrownBy(writer::close).isInstanceOf(IOException.class);
    assertThat(writer.framesWritten()).isZero();
    assertThat(writer.framesLost()).isEqualTo(given);
  }
}
