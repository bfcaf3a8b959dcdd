package dev.ringtap.flink.source;

import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;

/** What a reader tells the enumerator. Immutable. */
sealed interface ReaderEvent extends SourceEvent {
  /**
   * A reader started on this host.
   *
   * @param host the name that {@link HostName} gives it
   */
  record Started(String host) implements ReaderEvent {
    private static final long serialVersionUID = 1;
  }

  /**
   * Splits ended, and all of their frames are in the stream.
   *
   * @param splitIds their ids
   */
  record Finished(List<String> splitIds) implements ReaderEvent {
    private static final long serialVersionUID = 1;

    /** Copies. */
    public Finished {
      splitIds = List.copyOf(splitIds);
    }
  }
}
