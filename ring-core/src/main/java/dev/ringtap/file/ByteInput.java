package dev.ringtap.file;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a capture file as they come, unpacked where they are gzip's or Zstandard's. One
 * thread reads; any may end it.
 */
abstract class ByteInput {
  /** RFC 1952, section 2.3.1. */
  private static final int GZIP_MAGIC = 0x1F8B;

  /** RFC 8878, section 3.1.1; the format writes it lowest byte first. */
  private static final int ZSTD_MAGIC = 0x28B52FFD;

  private final Closeable source;

  ByteInput(Closeable source) {
    this.source = source;
  }

  /** Opens a file, or standard input where the path is {@code -}. */
  static ByteInput open(Path path) throws IOException {
    if (path.toString().equals("-")) {
      return new PipeInput(new FileInputStream(FileDescriptor.in).getChannel());
    }
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      return Files.isRegularFile(path) ? new RegularInput(channel) : new PipeInput(channel);
    } catch (FileSystemException e) {
      throw refused("open", path, e);
    }
  }

  /** Opens a regular file that is not packed and may grow: its end is waited at. */
  static ByteInput follow(Path path) throws IOException {
    try {
      return new FollowedInput(FileChannel.open(path, StandardOpenOption.READ));
    } catch (FileSystemException e) {
      throw refused("open", path, e);
    }
  }

  /** The bytes of a stream, which the end closes. */
  static ByteInput of(InputStream stream) {
    return new StreamInput(stream);
  }

  /** The exceptions of java.nio.file tell the reason by their class and the path as message. */
  static IOException refused(String action, Path path, FileSystemException e) {
    String reason = e.getReason();
    if (e instanceof NoSuchFileException) {
      reason = "no such file or directory";
    } else if (e instanceof AccessDeniedException) {
      reason = "permission denied";
    }
    return new IOException("cannot " + action + " capture file " + path + ": " + reason, e);
  }

  /**
   * Reads what is there, waiting for a first byte if need be.
   *
   * @param deadlineNanos longest wait, by {@link System#nanoTime}; a regular file does not wait
   * @return bytes read, 0 if none came in time, -1 at the end
   */
  abstract int read(byte[] target, int offset, int length, long deadlineNanos) throws IOException;

  /** Ends the wait of a read in another thread, which returns 0; also of the next one. */
  void wake() {}

  /**
   * Goes to a byte of a file that is not packed.
   *
   * @throws IOException if it is packed, or no regular file
   */
  void seek(long offset) throws IOException {
    throw new IOException(
        "only a capture file that is neither packed nor a pipe is read from the middle");
  }

  /** Whether what was read so far had to be unpacked. */
  boolean isPacked() {
    return false;
  }

  /** Ends the input, and a read that waits in another thread. */
  void end() throws IOException {
    source.close();
  }

  /** Looks at the first bytes and unpacks what gzip or Zstandard packed. */
  static InputStream unpacked(InputStream raw) throws IOException {
    PushbackInputStream in = new PushbackInputStream(raw, Integer.BYTES);
    byte[] start = in.readNBytes(Integer.BYTES);
    in.unread(start);
    int magic = ByteBuffer.wrap(Arrays.copyOf(start, Integer.BYTES)).getInt();
    if (magic == ZSTD_MAGIC) {
      return unzstd(in);
    }
    return magic >>> 16 == GZIP_MAGIC ? new GzipInput(in) : in;
  }

  /** The JDK has no Zstandard: the library is optional. */
  private static InputStream unzstd(InputStream in) throws IOException {
    try {
      return ZstdInput.open(in);
    } catch (LinkageError e) {
      throw new IOException(
          "a file packed by Zstandard needs com.github.luben:zstd-jni on the class path;"
              + " or unpack it before: zstd -d FILE",
          e);
    }
  }

  private static class StreamInput extends ByteInput {
    final InputStream raw;
    @Nullable InputStream in;

    StreamInput(InputStream raw) {
      super(raw);
      this.raw = raw;
    }

    @Override
    int read(byte[] target, int offset, int length, long deadlineNanos) throws IOException {
      if (in == null) {
        in = unpacked(raw);
      }
      return in.read(target, offset, length);
    }

    @Override
    boolean isPacked() {
      return in != null && !(in instanceof PushbackInputStream);
    }
  }

  private static final class RegularInput extends StreamInput {
    private final FileChannel channel;

    RegularInput(FileChannel channel) {
      super(Channels.newInputStream(channel));
      this.channel = channel;
    }

    @Override
    void seek(long offset) throws IOException {
      if (isPacked()) {
        super.seek(offset);
      }
      channel.position(offset);
      in = new PushbackInputStream(raw);
    }
  }
}
