package dev.ringtap.flink.source;

import dev.ringtap.file.FileFingerprint;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the enumerator keeps in a checkpoint. Immutable.
 *
 * @param planned whether the splits were made: the files were listed, or the hosts were known
 * @param endMillis when all live captures end, in ms since 1970 UTC, or {@link LiveSplit#NO_END}
 * @param finished ids of live splits that ended and do not start again
 * @param files by path, the files whose splits were made
 * @param unassigned splits that no reader has
 */
public record PacketEnumeratorState(
    boolean planned,
    long endMillis,
    SortedSet<String> finished,
    SortedMap<String, FileFingerprint> files,
    Collection<PacketSplit> unassigned) {
  /** Copies. */
  public PacketEnumeratorState {
    finished = Collections.unmodifiableSortedSet(new TreeSet<>(finished));
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    unassigned = List.copyOf(unassigned);
  }

  /** That of a job that starts without a checkpoint. */
  static PacketEnumeratorState none() {
    return ofFiles(false, Map.of(), List.of());
  }

  static PacketEnumeratorState ofFiles(
      boolean planned, Map<String, FileFingerprint> files, Collection<PacketSplit> unassigned) {
    return new PacketEnumeratorState(
        planned, LiveSplit.NO_END, new TreeSet<>(), new TreeMap<>(files), unassigned);
  }

  static PacketEnumeratorState ofCaptures(
      boolean planned,
      long endMillis,
      SortedSet<String> finished,
      Collection<PacketSplit> unassigned) {
    return new PacketEnumeratorState(planned, endMillis, finished, new TreeMap<>(), unassigned);
  }
}
