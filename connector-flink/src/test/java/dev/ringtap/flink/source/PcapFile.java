package dev.ringtap.flink.source;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Writes capture files for tests. */
public final class PcapFile {
  private static final int NANOSECOND_MAGIC = 0xA1B23C4D;

  private PcapFile() {}

  /** A new file of Ethernet frames. */
  public static Path write(Path path, List<byte[]> frames) throws IOException {
    create(path);
    append(path, frames, 0);
    return path;
  }

  /** A new file without frames. */
  public static void create(Path path) throws IOException {
    Files.write(
        path,
        ByteBuffer.allocate(24)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(NANOSECOND_MAGIC)
            .putShort((short) 2)
            .putShort((short) 4)
            .putLong(0)
            .putInt(262_144)
            .putInt(1)
            .array());
  }

  /** Frames for a file that is there; a millisecond lies between one and the next. */
  public static void append(Path path, List<byte[]> frames, int firstMillis) throws IOException {
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(path, StandardOpenOption.APPEND))) {
      int millis = firstMillis;
      for (byte[] frame : frames) {
        out.write(record(millis++, frame));
      }
    }
  }

  /** This many frames of a length, whose first bytes after the Ethernet header are a number. */
  public static Path writeNumbered(Path path, int count, int length) throws IOException {
    create(path);
    byte[] frame = new byte[length];
    frame[12] = (byte) 0x88;
    frame[13] = (byte) 0xB5;
    ByteBuffer number = ByteBuffer.wrap(frame);
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(path, StandardOpenOption.APPEND), 1 << 20)) {
      for (int i = 0; i < count; i++) {
        number.putInt(14, i);
        out.write(record(i, frame));
      }
    }
    return path;
  }

  /** A frame as it is in such a file. */
  static byte[] record(int millis, byte[] frame) {
    return ByteBuffer.allocate(16 + frame.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(millis / 1000)
        .putInt(millis % 1000 * 1_000_000)
        .putInt(frame.length)
        .putInt(frame.length)
        .put(frame)
        .array();
  }
}
