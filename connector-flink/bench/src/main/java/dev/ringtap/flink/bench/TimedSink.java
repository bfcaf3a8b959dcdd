package dev.ringtap.flink.bench;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Discards all, and measures the time between two elements: how fast the job runs once it is warm.
 * For one job of one subtask in a JVM.
 */
final class TimedSink<T> implements Sink<T> {
  private static final long serialVersionUID = 1;

  private static volatile long nanos;

  private final long from;
  private final long to;

  /**
   * @param from number of the element with which the time begins
   * @param to number of the one with which it ends
   */
  TimedSink(long from, long to) {
    this.from = from;
    this.to = to;
  }

  /** Elements per second between the two. */
  double rate() {
    if (nanos == 0) {
      throw new IllegalStateException("element " + to + " did not come");
    }
    return (to - from) * 1e9 / nanos;
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) {
    return new SinkWriter<>() {
      private long seen;
      private long start;

      @Override
      public void write(T element, Context unused) {
        seen++;
        if (seen == from) {
          start = System.nanoTime();
        } else if (seen == to) {
          nanos = System.nanoTime() - start;
        }
      }

      @Override
      public void flush(boolean endOfInput) {}

      @Override
      public void close() {}
    };
  }
}
