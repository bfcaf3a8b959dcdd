package dev.ringtap.kafka.connect;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Where a task's records come from. {@link #read} is for one thread; {@link #wake} and {@link
 * #close} are for any.
 */
interface PacketReader extends Closeable {
  /** More than a block can hold is not taken from its header on trust. */
  int MOST_EXPECTED = 1 << 14;

  /**
   * The records of one block, which is released by then.
   *
   * @param timeoutMillis longest wait
   * @return none if no block came in time, or none will come
   * @throws IOException if the source failed
   */
  List<SourceRecord> read(int timeoutMillis) throws IOException;

  /** Whether there is nothing more to read. */
  boolean isEnded();

  /** Ends the {@link #read} that waits in another thread. */
  void wake();

  /** What is read, for the log. */
  @Override
  String toString();
}
