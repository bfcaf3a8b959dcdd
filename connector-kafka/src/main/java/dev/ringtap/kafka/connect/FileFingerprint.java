package dev.ringtap.kafka.connect;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * A hash of a file's first bytes, 64 KiB at most. A file that grows and a copy match it; a file
 * whose first frame came at another time does not. Immutable.
 *
 * @param bytes how many the file had then, 64 KiB at most
 * @param hash in hexadecimal
 */
record FileFingerprint(int bytes, String hash) {
  private static final int MAX_BYTES = 1 << 16;
  private static final int HASH_CHARACTERS = 32;
  private static final Pattern TEXT = Pattern.compile("(\\d{1,5}):([0-9a-f]{32})");

  /** The fingerprint of a file as it is now. */
  static FileFingerprint of(Path file) throws IOException {
    return of(file, MAX_BYTES);
  }

  private static FileFingerprint of(Path file, int bytes) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] first = in.readNBytes(bytes);
      String hex = HexFormat.of().formatHex(Sha256.of(first)).substring(0, HASH_CHARACTERS);
      return new FileFingerprint(first.length, hex);
    }
  }

  /** Whether a file begins with the bytes that the hash was made of. */
  boolean matches(Path file) throws IOException {
    return of(file, bytes).equals(this);
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws ConnectException if it is none
   */
  static FileFingerprint parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches() || Integer.parseInt(matcher.group(1)) > MAX_BYTES) {
      throw new ConnectException(
          "offset fingerprint is '" + text + "'; expected what the connector wrote, or none");
    }
    return new FileFingerprint(Integer.parseInt(matcher.group(1)), matcher.group(2));
  }

  @Override
  public String toString() {
    return bytes + ":" + hash;
  }
}
