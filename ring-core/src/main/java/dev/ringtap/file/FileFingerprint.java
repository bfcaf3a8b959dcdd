package dev.ringtap.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * Tells a capture file from a later one of the same name: a checksum of its beginning, which holds
 * the time of its first frame. A copy has the same fingerprint, and a file that grows still matches
 * its own. Immutable.
 *
 * @param bytes how much of the file the checksum covers, at most 4096 bytes
 * @param checksum CRC-32 of that
 */
public record FileFingerprint(int bytes, int checksum) {
  private static final int MAX_BYTES = 4096;
  private static final Pattern TEXT = Pattern.compile("(\\d{1,4}):([0-9a-f]{8})");

  /**
   * Returns the fingerprint of a file as it is now. That of a pipe, which can be read only once,
   * matches any file.
   *
   * @throws IOException if the file cannot be read
   */
  public static FileFingerprint of(Path file) throws IOException {
    return of(file, Files.isRegularFile(file) ? MAX_BYTES : 0);
  }

  private static FileFingerprint of(Path file, int bytes) throws IOException {
    if (bytes == 0) {
      return new FileFingerprint(0, 0);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] beginning = in.readNBytes(bytes);
      CRC32 checksum = new CRC32();
      checksum.update(beginning);
      return new FileFingerprint(beginning.length, (int) checksum.getValue());
    }
  }

  /**
   * Returns whether a file begins with the bytes that the checksum was made of.
   *
   * @throws IOException if the file cannot be read
   */
  public boolean matches(Path file) throws IOException {
    return equals(of(file, bytes));
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException if the text is no fingerprint
   */
  public static FileFingerprint parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches() || Integer.parseInt(matcher.group(1)) > MAX_BYTES) {
      throw new IllegalArgumentException("file fingerprint '" + text + "'; expected BYTES:CRC-32");
    }
    return new FileFingerprint(
        Integer.parseInt(matcher.group(1)), Integer.parseUnsignedInt(matcher.group(2), 16));
  }

  /** Returns the fingerprint as text, {@code 4096:0a0b0c0d}. */
  @Override
  public String toString() {
    return "%d:%08x".formatted(bytes, checksum);
  }
}
