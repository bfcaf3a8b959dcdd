package dev.ringtap.file;

import java.io.IOException;

/**
 * A capture file that cannot be read on. The message names the file, the byte offset, what was
 * found there and what was expected. Every frame before the fault has been delivered.
 */
public final class CaptureFileException extends IOException {
  private static final long serialVersionUID = 1;

  private final long offsetBytes;

  CaptureFileException(String file, long offsetBytes, String found, Throwable cause) {
    super(file + ", byte " + offsetBytes + ": " + found, cause);
    this.offsetBytes = offsetBytes;
  }

  /** Where in the file the fault is, in bytes from its start; of a packed file, once unpacked. */
  public long offsetBytes() {
    return offsetBytes;
  }
}
