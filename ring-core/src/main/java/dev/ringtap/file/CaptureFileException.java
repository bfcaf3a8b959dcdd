package dev.ringtap.file;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A capture file that cannot be read on. The message names the file, the byte offset, what was
 * found there and what was expected. Every frame before the fault has been delivered.
 */
public final class CaptureFileException extends IOException {
  private static final long serialVersionUID = 1;

  private final long offsetBytes;
  private final boolean truncated;

  CaptureFileException(String file, long offsetBytes, String found, @Nullable Throwable cause) {
    this(file, offsetBytes, found, cause, false);
  }

  CaptureFileException(
      String file, long offsetBytes, String found, @Nullable Throwable cause, boolean truncated) {
    super(file + ", byte " + offsetBytes + ": " + found, cause);
    this.offsetBytes = offsetBytes;
    this.truncated = truncated;
  }

  /** Whether the file ends within a record, as a file that is being written may. */
  public boolean isTruncated() {
    return truncated;
  }

  /** Where in the file the fault is, in bytes from its start; of a packed file, once unpacked. */
  public long offsetBytes() {
    return offsetBytes;
  }
}
