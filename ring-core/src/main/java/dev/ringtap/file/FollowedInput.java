package dev.ringtap.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.locks.LockSupport;

/** A file that another process still writes to: at its end the reader waits for more. */
final class FollowedInput extends ByteInput {
  /** No file system tells of new bytes in a way that works on all of them: look this often. */
  private static final long LOOK_NANOS = 5_000_000;

  private final FileChannel channel;
  private volatile boolean ended;
  private volatile boolean woken;

  FollowedInput(FileChannel channel) {
    super(channel);
    this.channel = channel;
  }

  @Override
  int read(byte[] target, int offset, int length, long deadlineNanos) throws IOException {
    ByteBuffer room = ByteBuffer.wrap(target, offset, length);
    while (true) {
      if (ended) {
        return -1;
      }
      int count = channel.read(room);
      if (count > 0) {
        return count;
      }
      long left = deadlineNanos - System.nanoTime();
      if (left <= 0 || woken) {
        woken = false;
        return 0;
      }
      LockSupport.parkNanos(Math.min(left, LOOK_NANOS));
    }
  }

  @Override
  void seek(long offset) throws IOException {
    channel.position(offset);
  }

  @Override
  void wake() {
    woken = true;
  }

  @Override
  void end() throws IOException {
    ended = true;
    super.end();
  }
}
