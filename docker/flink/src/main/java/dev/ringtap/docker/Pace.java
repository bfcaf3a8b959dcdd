package dev.ringtap.docker;

import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.functions.MapFunction;

/** Passes elements on at no more than a rate. */
final class Pace implements MapFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1;

  private final double nanosEach;
  private transient double next;

  /**
   * @param rate elements a second, infinity for no limit
   */
  Pace(double rate) {
    this.nanosEach = TimeUnit.SECONDS.toNanos(1) / rate;
  }

  @Override
  public byte[] map(byte[] element) throws InterruptedException {
    long now = System.nanoTime();
    next = next == 0 ? now : next + nanosEach;
    TimeUnit.NANOSECONDS.sleep((long) next - now);
    return element;
  }
}
