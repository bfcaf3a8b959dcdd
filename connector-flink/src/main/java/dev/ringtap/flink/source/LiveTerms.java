package dev.ringtap.flink.source;

import java.io.Serializable;

/**
 * How long a source captures, with how many readers, and what it does about hosts that have none.
 *
 * @param members fanout members of each interface, 0 for one in each reader on its host
 * @param limit frames of each split, or {@link Long#MAX_VALUE}
 * @param durationMillis how long the captures run, or {@link LiveSplit#NO_END}
 * @param hostTimeoutMillis how long a host that must have a reader may be without one
 * @param failOnLostHost whether hosts that were captured must have a reader, and not only those
 *     that the source names
 */
record LiveTerms(
    int members, long limit, long durationMillis, long hostTimeoutMillis, boolean failOnLostHost)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /** Whether the captures end. */
  boolean bounded() {
    return limit != Long.MAX_VALUE || durationMillis != LiveSplit.NO_END;
  }
}
