package dev.ringtap.kafka.connect;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.record.Packet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A frame as tcpdump and the connector must both have it.
 *
 * @param nanos since 1970-01-01T00:00:00Z
 */
record WireFrame(long nanos, ByteBuffer payload) {
  static WireFrame of(Packet packet) {
    return new WireFrame(
        packet.getTimestamp().getEpochSecond() * 1_000_000_000L + packet.getTimestamp().getNano(),
        packet.getPayload());
  }

  /** Those of a capture file. */
  static List<WireFrame> of(Path file) throws IOException {
    List<WireFrame> frames = new ArrayList<>();
    try (CaptureFile capture = CaptureFile.open(file)) {
      while (!capture.isEnded()) {
        try (Block block = capture.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            byte[] payload = f.payload();
            frames.add(new WireFrame(f.timestampNanos(), ByteBuffer.wrap(payload)));
          }
        }
      }
    }
    return frames;
  }
}
