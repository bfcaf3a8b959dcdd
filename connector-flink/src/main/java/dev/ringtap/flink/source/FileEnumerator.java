package dev.ringtap.flink.source;

import dev.ringtap.file.FileFingerprint;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts capture files into splits and gives each to the reader that asks next. Files that are
 * followed have no end: they are dealt out once all readers are there.
 */
final class FileEnumerator extends PacketEnumerator {
  private static final Logger LOG = LoggerFactory.getLogger(FileEnumerator.class);

  private final FileListing listing;
  private final boolean bounded;
  private final TreeSet<Integer> asking = new TreeSet<>();
  private boolean planned;

  /** Replaced, never changed: a listing reads it in another thread. */
  private volatile Map<String, FileFingerprint> known;

  private int nextReader;

  /**
   * @param bounded whether the splits end
   */
  FileEnumerator(
      SplitEnumeratorContext<PacketSplit> context,
      PacketEnumeratorState restored,
      FileListing listing,
      boolean bounded) {
    super(context, restored);
    // the only reader needs no cuts, and finding them takes a read of the file
    this.listing = context.currentParallelism() == 1 ? listing.uncut() : listing;
    this.bounded = bounded;
    this.planned = restored.planned();
    this.known = restored.files();
  }

  @Override
  public void start() {
    if (listing.discovers()) {
      context.callAsync(() -> listing.list(known), this::plan, 0, listing.discoveryMillis());
    } else if (!planned) {
      context.callAsync(() -> listing.list(known), this::plan);
    }
  }

  private void plan(FileListing.Found found, Throwable failure) {
    if (failure != null) {
      throw new FlinkRuntimeException(FileListing.unreadable(failure), failure);
    }
    boolean givenOutBefore = planned && known.isEmpty();
    if (givenOutBefore && !found.cuts().isEmpty()) {
      LOG.warn(
          "the restored state does not name the files that were read; these are taken as read: {}",
          found.cuts().keySet());
    }
    Map<String, FileFingerprint> after = new TreeMap<>(known);
    if (!found.present().isEmpty()) {
      // an empty listing may be of a directory that is not mounted now
      after.keySet().retainAll(new HashSet<>(found.present()));
    }
    found
        .cuts()
        .forEach(
            (path, cut) -> {
              if (cut.fingerprint().equals(known.get(path))) {
                return;
              }
              if (cut.splits().stream().anyMatch(split -> isKnown(split.splitId()))) {
                LOG.warn("{} was replaced while it is read; it is read again after that", path);
                return;
              }
              after.put(path, cut.fingerprint());
              if (!givenOutBefore) {
                cut.splits().forEach(this::await);
              }
            });
    known = after;
    planned = !listing.discovers() || !after.isEmpty();
    deal();
  }

  @Override
  public void handleSplitRequest(int subtask, @Nullable String requesterHost) {
    asking.add(subtask);
    deal();
  }

  /**
   * A reader gets all that it had, at once: its watermark then waits for each of them. One that
   * waited for its turn would be late, because later parts are read meanwhile.
   */
  @Override
  void readerAdded(int subtask, List<PacketSplit> back) {
    asking.remove(subtask);
    if (!listing.follow()) {
      back.forEach(split -> assign(split, subtask));
    }
    deal();
  }

  @Override
  void readerStarted(int subtask, String host) {
    // files are the same on all hosts
  }

  @Override
  void splitsBack() {
    deal();
  }

  @Override
  void splitsFinished(List<String> splitIds) {
    // their files are known
  }

  private void deal() {
    if (!planned) {
      return;
    }
    if (listing.follow()) {
      dealAll();
      return;
    }
    Iterator<PacketSplit> splits = waiting().iterator();
    for (Iterator<Integer> readers = asking.iterator(); readers.hasNext(); ) {
      int subtask = readers.next();
      if (!context.registeredReaders().containsKey(subtask)) {
        readers.remove();
      } else if (splits.hasNext()) {
        assign(splits.next(), subtask);
        readers.remove();
      } else if (!listing.discovers()) {
        context.signalNoMoreSplits(subtask);
        readers.remove();
      }
    }
  }

  private void dealAll() {
    if (!isComplete()) {
      return;
    }
    for (PacketSplit split : waiting()) {
      assign(split, nextReader++ % context.currentParallelism());
    }
    if (bounded) {
      context.registeredReaders().keySet().forEach(context::signalNoMoreSplits);
    }
  }

  @Override
  public PacketEnumeratorState snapshotState(long checkpointId) {
    return PacketEnumeratorState.ofFiles(planned, known, waiting());
  }
}
