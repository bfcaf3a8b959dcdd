package dev.ringtap.flink.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * Tells a file that was given out from another that took its name: a checksum of its beginning,
 * where the time of its first frame is. A file that grows keeps its mark. Immutable.
 *
 * @param bytes how much of the file the checksum covers
 * @param checksum CRC-32 of that
 */
public record FileMark(int bytes, int checksum) {
  private static final int MOST_BYTES = 4096;

  /** The mark of a file as it is now; that of a pipe, which can be read only once, fits any. */
  static FileMark of(Path file) throws IOException {
    return of(file, Files.isRegularFile(file) ? MOST_BYTES : 0);
  }

  /** Whether the file begins as the marked one did. */
  boolean matches(Path file) throws IOException {
    return equals(of(file, bytes));
  }

  private static FileMark of(Path file, int bytes) throws IOException {
    if (bytes == 0) {
      return new FileMark(0, 0);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] beginning = in.readNBytes(bytes);
      CRC32 checksum = new CRC32();
      checksum.update(beginning);
      return new FileMark(beginning.length, (int) checksum.getValue());
    }
  }
}
