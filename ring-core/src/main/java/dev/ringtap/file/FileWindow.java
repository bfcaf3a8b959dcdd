package dev.ringtap.file;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The part of a capture file that is in memory. It moves forward only and grows with the bytes that
 * have come, never by a length that the file claims. Not thread-safe.
 */
final class FileWindow {
  private static final int INITIAL_BYTES = 1 << 17;
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ByteInput input;
  private final String fileName;

  private byte[] bytes = new byte[INITIAL_BYTES];
  private MemorySegment memory = MemorySegment.ofArray(bytes);
  private int position;
  private int limit;
  private long offset;
  private boolean inputEnded;
  private boolean bigEndian;

  FileWindow(ByteInput input, String fileName) {
    this.input = input;
    this.fileName = fileName;
  }

  /**
   * Whether this many bytes lie from the position on. If not, they did not come in time, or {@link
   * #inputEnded()}.
   */
  boolean has(int count, long deadlineNanos) throws IOException {
    while (limit - position < count) {
      if (inputEnded) {
        return false;
      }
      makeRoom(count);
      int read;
      try {
        read = input.read(bytes, limit, bytes.length - limit, deadlineNanos);
      } catch (IOException e) {
        String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        throw new CaptureFileException(
            fileName, offset + available(), "cannot read on: " + reason, e);
      }
      if (read == 0) {
        return false;
      }
      if (read < 0) {
        inputEnded = true;
      } else {
        limit += read;
      }
    }
    return true;
  }

  private void makeRoom(int count) {
    if (bytes.length - position < count || position == limit) {
      System.arraycopy(bytes, position, bytes, 0, limit - position);
      limit -= position;
      position = 0;
    }
    if (limit == bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.min(2 * bytes.length, count));
      memory = MemorySegment.ofArray(bytes);
    }
  }

  /** Whether the bytes come out of a compressed file, in which no offset can be gone to. */
  boolean isPacked() {
    return input.isPacked();
  }

  /** Whether the file has no bytes beyond {@link #available()}. */
  boolean inputEnded() {
    return inputEnded;
  }

  int available() {
    return limit - position;
  }

  /** Moves on over bytes that are there. */
  void advance(int count) {
    position += count;
    offset += count;
  }

  /** Moves on over bytes that need not be there yet, and returns how many are left to skip. */
  long skip(long count, long deadlineNanos) throws IOException {
    long left = count;
    while (left > 0 && has(1, deadlineNanos)) {
      int step = (int) Math.min(left, available());
      advance(step);
      left -= step;
    }
    return left;
  }

  /** Goes to a byte of the file; what is in memory is forgotten. */
  void seek(long offset) throws IOException {
    input.seek(offset);
    this.offset = offset;
    position = 0;
    limit = 0;
    inputEnded = false;
  }

  /** Offset of the position in the file, in bytes. */
  long offset() {
    return offset;
  }

  MemorySegment memory() {
    return memory;
  }

  /** Offset in {@link #memory()} of a byte, counted from the position. */
  int memoryOffset(int index) {
    return position + index;
  }

  String fileName() {
    return fileName;
  }

  void setBigEndian(boolean bigEndian) {
    this.bigEndian = bigEndian;
  }

  /** Whether numbers are in the other byte order than this machine's. */
  boolean isBigEndian() {
    return bigEndian;
  }

  /** Turns the bytes of a number over. */
  void reverse(int index, int count) {
    for (int i = position + index, j = i + count - 1; i < j; i++, j--) {
      byte first = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = first;
    }
  }

  int unsignedByte(int index) {
    return bytes[position + index] & 0xFF;
  }

  int unsignedShort(int index) {
    short value = memory.get(SHORT, position + index);
    return Short.toUnsignedInt(bigEndian ? Short.reverseBytes(value) : value);
  }

  int int32(int index) {
    int value = memory.get(INT, position + index);
    return bigEndian ? Integer.reverseBytes(value) : value;
  }

  long unsignedInt(int index) {
    return Integer.toUnsignedLong(int32(index));
  }

  long int64(int index) {
    long value = memory.get(LONG, position + index);
    return bigEndian ? Long.reverseBytes(value) : value;
  }

  /** A fault at a byte, counted from the position. */
  CaptureFileException fault(int index, String found) {
    return new CaptureFileException(fileName, offset + index, found, null);
  }

  /** The file ends within what starts at the position. */
  CaptureFileException truncated(String what, long needed) {
    return new CaptureFileException(
        fileName,
        offset,
        "truncated dump file: %s of %s bytes expected, the file ends after %s"
            .formatted(what, needed, available()),
        null,
        true);
  }
}
