package dev.ringtap.kafka.bench;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.record.PacketEncoder;
import dev.ringtap.testkit.Packets;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * UDP frames of one length, of many conversations, whose payloads are random: what encrypted
 * traffic looks like to a compressor. As frames, as a capture file, and as records. Immutable.
 */
final class Traffic {
  /** The name of the interface in the capture file. */
  static final String INTERFACE = "tap1";

  private static final int UDP_HEADERS_BYTES = 42;
  static final int FLOWS = 500;
  private static final long FIRST_NANOS = 1_767_225_600_000_000_000L;
  private static final int SEQUENCE_BYTES_SAVED = 1;

  private final List<byte[]> frames;

  private Traffic(List<byte[]> frames) {
    this.frames = frames;
  }

  /**
   * Frames of one length.
   *
   * @param frameBytes 42 or more
   */
  static Traffic ofFrames(int frameBytes, int count) {
    Random random = new Random(1);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] payload = new byte[frameBytes - UDP_HEADERS_BYTES];
      random.nextBytes(payload);
      int host = i % FLOWS;
      String from = "10.1." + host / 250 + "." + (1 + host % 250);
      frames.add(Packets.ethernet(Packets.udp(from, 10_000 + host, "10.2.0.1", 443, payload)));
    }
    return new Traffic(frames);
  }

  /**
   * Frames whose records have this length, once a run's first million is over: a record has its
   * number in it, and small numbers take fewer bytes.
   */
  static Traffic ofRecords(int recordBytes, int count) throws IOException {
    int around = ofFrames(500, 10_000).records().get(9_999).length + SEQUENCE_BYTES_SAVED - 500;
    int frameBytes = recordBytes - around;
    return ofFrames(frameBytes, count);
  }

  /** The agent's records of a run's steady state, for ProducerPerformance. */
  Payloads payloads() throws IOException {
    // a frame's byte more stands for the byte that its number will take more
    Traffic longer = ofFrames(frameBytes() + SEQUENCE_BYTES_SAVED, frames.size());
    return Payloads.of(longer.records());
  }

  private int frameBytes() {
    return frames.get(0).length;
  }

  List<byte[]> frames() {
    return frames;
  }

  /** These frames as pcapng's blocks. */
  private byte[] packets() {
    int padded = (frameBytes() + 3) & ~3;
    ByteBuffer file = buffer(frames.size() * (32 + padded));
    for (int i = 0; i < frames.size(); i++) {
      long nanos = FIRST_NANOS + i * 1_000L;
      file.putInt(6).putInt(32 + padded).putInt(0);
      file.putInt((int) (nanos >>> 32)).putInt((int) nanos);
      file.putInt(frameBytes()).putInt(frameBytes());
      file.put(frames.get(i)).position(file.position() + padded - frameBytes());
      file.putInt(32 + padded);
    }
    return file.array();
  }

  /** The section and the interface, whose times are nanoseconds. */
  private static byte[] fileHeader() {
    ByteBuffer file = buffer(28 + 40);
    file.putInt(0x0A0D0D0A).putInt(28).putInt(0x1A2B3C4D).putShort((short) 1).putShort((short) 0);
    file.putLong(-1).putInt(28);
    file.putInt(1).putInt(40).putShort((short) 1).putShort((short) 0).putInt(0);
    file.putShort((short) 2).putShort((short) INTERFACE.length());
    file.put(INTERFACE.getBytes(StandardCharsets.US_ASCII));
    file.putShort((short) 9).putShort((short) 1).putInt(9);
    file.putInt(0).putInt(40);
    return file.array();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes the frames into a capture file, again and again, up to this size. */
  void write(Path file, long mostBytes) throws IOException {
    byte[] packets = packets();
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(fileHeader());
      for (long bytes = packets.length; bytes <= mostBytes; bytes += packets.length) {
        out.write(packets);
      }
    }
  }

  /** The agent's records of these frames, one for each. */
  List<byte[]> records() throws IOException {
    Path file = Files.createTempFile("ringtap-bench", ".pcapng");
    try {
      write(file, packets().length);
      List<byte[]> records = new ArrayList<>();
      PacketEncoder encoder = PacketEncoder.singleObject();
      try (CaptureFile capture = CaptureFile.open(file)) {
        while (!capture.isEnded()) {
          try (Block block = capture.poll(1000)) {
            for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
              records.add(encoder.encode(f));
            }
          }
        }
      }
      return records;
    } finally {
      Files.delete(file);
    }
  }
}
