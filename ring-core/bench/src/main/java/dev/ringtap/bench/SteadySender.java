package dev.ringtap.bench;

import dev.ringtap.lab.FrameSender;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/** Sends one frame after the other at equal distances, each as near to its time as can be. */
public final class SteadySender {
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final long SPIN_NANOS = 200_000;

  private SteadySender() {}

  /** Sends this many; returns with the last. */
  public static void send(FrameSender sender, byte[] frame, int framesPerSecond, int frames)
      throws IOException {
    long start = System.nanoTime();
    for (int i = 0; i < frames; i++) {
      long due = start + i * SECOND_NANOS / framesPerSecond;
      for (long early; (early = due - System.nanoTime()) > 0; ) {
        if (early > SPIN_NANOS) {
          LockSupport.parkNanos(SPIN_NANOS / 2);
        } else {
          Thread.onSpinWait();
        }
      }
      sender.send(frame);
    }
  }
}
