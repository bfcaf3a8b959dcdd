package dev.ringtap.flink.source;

import java.util.Collection;
import java.util.List;

/**
 * What the enumerator keeps in a checkpoint. Immutable.
 *
 * @param planned whether the splits were made: the files were listed, or the hosts were known
 * @param fanoutGroup number of the first fanout group, chosen once; 0 as long as there is none
 * @param unassigned splits that no reader has
 */
public record PacketEnumeratorState(
    boolean planned, int fanoutGroup, Collection<PacketSplit> unassigned) {
  /** Copies. */
  public PacketEnumeratorState {
    unassigned = List.copyOf(unassigned);
  }
}
