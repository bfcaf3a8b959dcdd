package dev.ringtap.file;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decompresses the members of a gzip file one after another, as RFC 1952 describes them. Unlike
 * {@link java.util.zip.GZIPInputStream} it takes no stack for an empty member, of which a small
 * file can have a hundred thousand, and a fault names its byte of the compressed file. As in
 * gzip(1), what follows the last member and is no member is ignored. Not thread-safe.
 */
final class GzipInput extends InputStream {
  private static final int BUFFER_BYTES = 1 << 16;

  private static final int FIRST_MAGIC = 0x1F;
  private static final int SECOND_MAGIC = 0x8B;
  private static final int DEFLATE = 8;

  private static final int HAS_CHECKSUM = 2;
  private static final int HAS_EXTRA = 4;
  private static final int HAS_NAME = 8;
  private static final int HAS_COMMENT = 16;
  private static final int RESERVED = 0xE0;

  /** Time, extra flags and operating system. */
  private static final int UNUSED_HEADER_BYTES = 6;

  private final InputStream in;
  private final Inflater inflater = new Inflater(true);

  /** Of the header while that is read, then of what was decompressed. */
  private final CRC32 checksum = new CRC32();

  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;

  /** Of the buffer's limit in the compressed file. */
  private long limitOffset;

  private boolean inMember;
  private boolean atEnd;

  GzipInput(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!atEnd) {
      if (!inMember && !beginMember()) {
        atEnd = true;
        return -1;
      }
      int count = inflate(target, offset, length);
      if (count > 0) {
        checksum.update(target, offset, count);
        return count;
      }
      endMember();
    }
    return -1;
  }

  /** Reads a member's header; false if the file has none here. */
  private boolean beginMember() throws IOException {
    checksum.reset();
    if (!has() || next() != FIRST_MAGIC || !has() || next() != SECOND_MAGIC) {
      return false;
    }
    int method = next();
    int flags = next();
    if (method != DEFLATE || (flags & RESERVED) != 0) {
      throw fault("method " + method + ", flags 0x" + Integer.toHexString(flags) + " of a member");
    }
    skip(UNUSED_HEADER_BYTES);
    if ((flags & HAS_EXTRA) != 0) {
      skip(next() | next() << 8);
    }
    if ((flags & HAS_NAME) != 0) {
      skipString();
    }
    if ((flags & HAS_COMMENT) != 0) {
      skipString();
    }
    if ((flags & HAS_CHECKSUM) != 0) {
      int expected = (int) checksum.getValue() & 0xFFFF;
      require("checksum of a header", next() | next() << 8, expected);
    }
    checksum.reset();
    inflater.reset();
    inflater.setInput(buffer, position, limit - position);
    inMember = true;
    return true;
  }

  /** Decompresses at least a byte; 0 at the end of the member's data. */
  private int inflate(byte[] target, int offset, int length) throws IOException {
    try {
      while (true) {
        int count = inflater.inflate(target, offset, length);
        position = limit - inflater.getRemaining();
        if (count > 0 || inflater.finished()) {
          return count;
        }
        if (inflater.needsDictionary()) {
          throw fault("a member that needs a dictionary");
        }
        requireMore();
        inflater.setInput(buffer, position, limit - position);
      }
    } catch (DataFormatException e) {
      position = limit - inflater.getRemaining();
      throw fault(e.getMessage() == null ? "no deflated data" : e.getMessage());
    }
  }

  private void endMember() throws IOException {
    long decompressed = inflater.getBytesWritten() & 0xFFFF_FFFFL;
    long expected = checksum.getValue();
    require("checksum of a member", nextInt(), expected);
    require("length of a member", nextInt(), decompressed);
    inMember = false;
  }

  private void require(String what, long found, long expected) throws IOException {
    if (found != expected) {
      throw fault(
          "%s of 0x%s; its data have 0x%s"
              .formatted(what, Long.toHexString(found), Long.toHexString(expected)));
    }
  }

  private long nextInt() throws IOException {
    return next() | next() << 8 | next() << 16 | (long) next() << 24;
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      next();
    }
  }

  private void skipString() throws IOException {
    while (next() != 0) {
      // up to the zero that ends it
    }
  }

  private int next() throws IOException {
    requireMore();
    checksum.update(buffer[position]);
    return buffer[position++] & 0xFF;
  }

  private void requireMore() throws IOException {
    if (!has()) {
      throw fault("the file ends within a member");
    }
  }

  /** Whether there is a further byte. */
  private boolean has() throws IOException {
    if (position == limit) {
      int count = in.read(buffer, 0, buffer.length);
      position = 0;
      limit = Math.max(count, 0);
      limitOffset += limit;
    }
    return position < limit;
  }

  private IOException fault(String found) {
    long offset = limitOffset - (limit - position);
    return new IOException("gzip, compressed byte " + offset + ": " + found);
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
