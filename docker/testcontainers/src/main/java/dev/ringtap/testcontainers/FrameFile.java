package dev.ringtap.testcontainers;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.FileRange;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketEncoder;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The agent's growing capture file, read as far as it goes. Not thread-safe. */
final class FrameFile implements Closeable {
  private final PacketEncoder encoder = PacketEncoder.singleObject();
  private final List<Packet> packets = new ArrayList<>();
  private final Path copy;
  private CaptureFile reader;

  FrameFile() throws IOException {
    copy = Files.createTempFile("ringtap", ".pcapng");
    // for a test that leaves its containers to Testcontainers' reaper
    copy.toFile().deleteOnExit();
  }

  /**
   * Takes in what the file has more than before. Its last block may be incomplete.
   *
   * @param file the agent's, from its first byte on
   */
  void update(InputStream file) throws IOException {
    file.skipNBytes(Files.size(copy));
    try (OutputStream end = Files.newOutputStream(copy, StandardOpenOption.APPEND)) {
      file.transferTo(end);
    }
    if (reader == null) {
      reader = CaptureFile.open(copy, FileRange.WHOLE, true);
    }
    boolean more = true;
    while (more) {
      try (Block block = reader.poll(0)) {
        more = block != null;
        Frame frame;
        while (more && (frame = block.next()) != null) {
          packets.add(Packet.getDecoder().decode(encoder.encode(frame)));
        }
      }
    }
  }

  /** All packets so far, after the end too. */
  List<Packet> packets() {
    return List.copyOf(packets);
  }

  @Override
  public void close() {
    try {
      if (reader != null) {
        reader.close();
      }
      Files.deleteIfExists(copy);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
