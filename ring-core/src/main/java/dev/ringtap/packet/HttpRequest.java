package dev.ringtap.packet;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request of HTTP/1 (RFC 9112) with which what TCP carries begins, or UDP with SSDP. Headers that
 * go on in a later segment are read as far as they go. Immutable.
 */
public final class HttpRequest {
  private static final int MOST_METHOD_BYTES = 32;
  private static final String VERSION = " HTTP/1.";
  private static final String HOST = "host:";

  private final byte[] bytes;
  private final int lineEnd;

  private HttpRequest(byte[] bytes, int lineEnd) {
    this.bytes = bytes;
    this.lineEnd = lineEnd;
  }

  /** The request in a payload; null if there is none, or its first line does not end there. */
  public static @Nullable HttpRequest of(byte[] payload) {
    int method = 0;
    while (method < payload.length && isUpperCase(payload[method])) {
      method++;
    }
    if (method == 0
        || method > MOST_METHOD_BYTES
        || method == payload.length
        || payload[method] != ' ') {
      return null;
    }
    int end = lineEnd(payload, method);
    if (end < 0) {
      return null;
    }
    HttpRequest request = new HttpRequest(payload, end);
    String line = request.line();
    int version = line.length() - VERSION.length() - 1;
    return version > method
            && line.startsWith(VERSION, version)
            && Character.isDigit(line.charAt(line.length() - 1))
        ? request
        : null;
  }

  private static boolean isUpperCase(byte each) {
    return each >= 'A' && each <= 'Z' || each == '-' || each == '_';
  }

  /** Index of the line feed, or -1. */
  private static int lineEnd(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** The first line, {@code GET /index.html HTTP/1.1}. */
  public String line() {
    return text(0, lineEnd);
  }

  /** Value of the header Host; null if there is none, or its line does not end in the payload. */
  public @Nullable String host() {
    int from = lineEnd + 1;
    for (int end; (end = lineEnd(bytes, from)) >= 0; from = end + 1) {
      String header = text(from, end);
      if (header.isEmpty()) {
        return null;
      }
      if (header.regionMatches(true, 0, HOST, 0, HOST.length())) {
        return header.substring(HOST.length()).strip();
      }
    }
    return null;
  }

  /** A line without its end. */
  private String text(int from, int end) {
    int last = end > from && bytes[end - 1] == '\r' ? end - 1 : end;
    return new String(bytes, from, last - from, StandardCharsets.UTF_8);
  }
}
