package dev.ringtap.kafka.cli;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.CaptureFileException;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketEncoder;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The packets of a capture file, one by one. For one thread, except {@link #stop}. */
final class FilePackets implements Closeable {
  private static final int POLL_MILLIS = 100;

  private final CaptureFile file;
  private final PacketEncoder encoder = PacketEncoder.singleObject();
  private final Queue<Packet> block = new ArrayDeque<>();
  private @Nullable CaptureFileException truncation;

  FilePackets(Path path) throws IOException {
    file = CaptureFile.open(path);
  }

  /** Whether {@link #next} has a packet without reading on. */
  boolean hasMore() {
    return !block.isEmpty();
  }

  /** The next packet, or null at the end. */
  @Nullable Packet next() throws IOException {
    while (block.isEmpty() && !file.isEnded()) {
      try (Block read = file.poll(POLL_MILLIS)) {
        Frame frame;
        while (read != null && (frame = read.next()) != null) {
          block.add(Packet.getDecoder().decode(encoder.encode(frame)));
        }
      } catch (CaptureFileException e) {
        if (!e.isTruncated()) {
          throw e;
        }
        truncation = e;
      }
    }
    return block.poll();
  }

  /** Why the file ends within a frame, or null. */
  @Nullable CaptureFileException truncation() {
    return truncation;
  }

  /** Ends the packets. Any thread. */
  void stop() {
    try {
      file.stop();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
