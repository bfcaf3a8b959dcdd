package dev.ringtap.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A buffer of whole pcapng blocks before a channel, little-endian. Knows how many frames have
 * passed, and after a failure how many had when the channel gave up. Not thread-safe.
 */
final class PcapngOutput implements Closeable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final WritableByteChannel channel;

  /** The regular file behind the channel, null if there is none. */
  private final @Nullable Path regularFile;

  private final String name;

  private ByteBuffer buffer = allocate(BUFFER_BYTES);
  private int blockStart;
  private int blockLength;
  private long bytesWritten;
  private long framesWritten;
  private @Nullable IOException failure;

  PcapngOutput(WritableByteChannel channel, @Nullable Path regularFile, String name) {
    this.channel = channel;
    this.regularFile = regularFile;
    this.name = name;
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Makes room for a block; only then begin it. */
  void makeRoom(int blockBytes) throws IOException {
    requireIntact();
    if (blockBytes > buffer.remaining()) {
      flush();
    }
    if (blockBytes > buffer.capacity()) {
      buffer = allocate(blockBytes);
    }
  }

  void begin(int type, int length) {
    blockStart = buffer.position();
    blockLength = length;
    buffer.putInt(type).putInt(length);
  }

  void end() {
    buffer.putInt(blockLength);
  }

  /** Forgets the block that was begun. */
  void abandon() {
    buffer.position(blockStart);
  }

  void putShort(int value) {
    buffer.putShort((short) value);
  }

  void putInt(int value) {
    buffer.putInt(value);
  }

  void putLong(long value) {
    buffer.putLong(value);
  }

  /** Leaves room for bytes and returns where it is in {@link #bytes()}. */
  int skip(int bytes) {
    int start = buffer.position();
    buffer.position(start + bytes);
    return start;
  }

  /** Zeros up to a multiple of four. */
  void pad(int bytes) {
    for (int i = bytes; i < PcapngFormat.padded(bytes); i++) {
      buffer.put((byte) 0);
    }
  }

  byte[] bytes() {
    return buffer.array();
  }

  long framesWritten() {
    return framesWritten;
  }

  boolean hasFailed() {
    return failure != null;
  }

  void flush() throws IOException {
    requireIntact();
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      fail(e);
    }
    account(buffer.limit());
    buffer.clear();
  }

  private void requireIntact() throws IOException {
    if (failure != null) {
      throw new IOException(failure.getMessage(), failure);
    }
  }

  private void fail(IOException cause) throws IOException {
    String reason =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    IOException failed = new IOException("cannot write to " + name + ": " + reason, cause);
    failure = failed;
    account(buffer.position());
    if (regularFile != null) {
      cutBack(regularFile, failed);
    }
    throw failed;
  }

  /** Counts the blocks that lie whole within the first bytes of the buffer. */
  private void account(int bytes) {
    int at = 0;
    while (at < bytes && at + buffer.getInt(at + 4) <= bytes) {
      if (buffer.getInt(at) == PcapngFormat.ENHANCED_PACKET) {
        framesWritten++;
      }
      at += buffer.getInt(at + 4);
    }
    bytesWritten += at;
  }

  /** Cuts the file after the last whole block, also when an interrupt has closed the channel. */
  private void cutBack(Path regularFile, IOException failed) {
    boolean interrupted = Thread.interrupted();
    try (FileChannel file =
        channel.isOpen() && channel instanceof FileChannel fileChannel
            ? fileChannel
            : FileChannel.open(regularFile, StandardOpenOption.WRITE)) {
      file.truncate(bytesWritten);
    } catch (IOException e) {
      failed.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
