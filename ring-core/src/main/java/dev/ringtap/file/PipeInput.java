package dev.ringtap.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A pipe, terminal or device, whose bytes come when they come. A thread of its own waits for them,
 * so that the reader can wait for a limited time.
 */
final class PipeInput extends ByteInput implements Runnable {
  private static final int CHUNK_BYTES = 1 << 16;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final InputStream raw;
  private final Object lock = new Object();
  private final byte[] chunk = new byte[CHUNK_BYTES];

  /** Bytes of the chunk that wait; the filling thread writes to it only while there are none. */
  private int from;

  private int to;
  private boolean atEnd;
  private boolean ended;
  private boolean woken;
  private @Nullable IOException failure;

  PipeInput(FileChannel channel) {
    super(channel);
    raw = Channels.newInputStream(channel);
    Thread thread = new Thread(this, "ringtap-pipe-input");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void run() {
    try (InputStream in = unpacked(raw)) {
      int count = in.read(chunk);
      while (count >= 0 && handOver(count)) {
        count = in.read(chunk);
      }
    } catch (IOException e) {
      synchronized (lock) {
        failure = e;
      }
    } catch (RuntimeException | Error e) {
      // the reader must not take it for the end
      synchronized (lock) {
        failure = new IOException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      synchronized (lock) {
        atEnd = true;
        lock.notifyAll();
      }
    }
  }

  private boolean handOver(int count) throws InterruptedException {
    synchronized (lock) {
      from = 0;
      to = count;
      lock.notifyAll();
      while (from < to && !ended) {
        lock.wait();
      }
      return !ended;
    }
  }

  @Override
  int read(byte[] target, int offset, int length, long deadlineNanos) throws IOException {
    synchronized (lock) {
      while (from == to && !atEnd && !ended) {
        long left = deadlineNanos - System.nanoTime();
        if (left <= 0 || woken) {
          woken = false;
          return 0;
        }
        try {
          lock.wait(left / NANOS_PER_MILLI, (int) (left % NANOS_PER_MILLI));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while waiting for input");
        }
      }
      if (ended) {
        return -1;
      }
      if (from == to) {
        if (failure != null) {
          throw failure;
        }
        return -1;
      }
      int count = Math.min(length, to - from);
      System.arraycopy(chunk, from, target, offset, count);
      from += count;
      if (from == to) {
        lock.notifyAll();
      }
      return count;
    }
  }

  @Override
  void wake() {
    synchronized (lock) {
      woken = true;
      lock.notifyAll();
    }
  }

  @Override
  void end() throws IOException {
    synchronized (lock) {
      ended = true;
      lock.notifyAll();
    }
    super.end();
  }
}
