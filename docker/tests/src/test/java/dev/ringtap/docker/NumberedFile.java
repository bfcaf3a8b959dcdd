package dev.ringtap.docker;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.file.PcapngWriter;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** A capture file of numbered datagrams, such as {@code NumberedFrames} sends. */
final class NumberedFile {
  private static final long FIRST_NANOS = 1_700_000_000_000_000_000L;

  private NumberedFile() {}

  /** The frames with numbers from 1 to this one. */
  static List<byte[]> frames(int last) {
    return IntStream.rangeClosed(1, last)
        .mapToObj(number -> (number + "\n").getBytes(StandardCharsets.US_ASCII))
        .map(text -> Packets.ethernet(Packets.udp("10.0.0.1", 1234, "10.0.0.2", 9, text)))
        .toList();
  }

  /** Writes them, a millisecond apart. */
  static Path write(Path file, List<byte[]> frames) throws IOException {
    try (PcapngWriter writer = PcapngWriter.create(file)) {
      int id = writer.addInterface(CaptureId.on("eth0"), LinkType.ETHERNET, 262_144);
      long nanos = FIRST_NANOS;
      for (byte[] frame : frames) {
        MemorySegment bytes = MemorySegment.ofArray(frame);
        writer.write(id, nanos, frame.length, PacketType.HOST, 0, 0, bytes, 0, frame.length);
        nanos += 1_000_000;
      }
    }
    return file;
  }
}
