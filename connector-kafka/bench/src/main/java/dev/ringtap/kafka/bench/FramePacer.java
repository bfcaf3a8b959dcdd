package dev.ringtap.kafka.bench;

import dev.ringtap.lab.FrameSender;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends frames on the wire at a rate: every millisecond those that are due, so that the core is
 * free for the broker in between. For the thread that made it.
 */
final class FramePacer implements AutoCloseable {
  private static final long PAUSE_NANOS = 1_000_000;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final FrameSender sender;
  private final List<byte[]> frames;

  private FramePacer(FrameSender sender, List<byte[]> frames) {
    this.sender = sender;
    this.frames = frames;
  }

  /** Sends on an interface in the calling thread's network namespace. */
  static FramePacer open(String interfaceName, List<byte[]> frames) throws IOException {
    return new FramePacer(FrameSender.open(interfaceName).bypassQueue(), frames);
  }

  /**
   * Sends for a while.
   *
   * @return frames that were sent, less than asked for where the core does not manage more
   */
  long send(long framesPerSecond, int millis) throws IOException {
    long start = System.nanoTime();
    long end = TimeUnit.MILLISECONDS.toNanos(millis);
    long sent = 0;
    for (long elapsed = 0; elapsed < end; elapsed = System.nanoTime() - start) {
      long due = elapsed * framesPerSecond / SECOND_NANOS + 1;
      if (sent >= due) {
        LockSupport.parkNanos(Math.min(PAUSE_NANOS, end - elapsed));
        continue;
      }
      sender.send(frames.get((int) (sent++ % frames.size())));
    }
    return sent;
  }

  @Override
  public void close() {
    sender.close();
  }
}
