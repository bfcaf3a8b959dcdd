package dev.ringtap.flink.source;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows which splits wait for a reader and which have one. Readers report what they restored and
 * get it back from here, so that a capture stays on the host of its interface and files spread over
 * all readers, however the job was rescaled. Runs in the source coordinator's thread.
 */
abstract class PacketEnumerator implements SplitEnumerator<PacketSplit, PacketEnumeratorState> {
  private static final Logger LOG = LoggerFactory.getLogger(PacketEnumerator.class);

  final SplitEnumeratorContext<PacketSplit> context;

  /** By id: a split may come back twice, from the checkpoint and from the reader that had it. */
  private final Map<String, PacketSplit> waiting = new LinkedHashMap<>();

  /** The subtask that has a split, by the split's id. */
  private final Map<String, Integer> assigned = new HashMap<>();

  PacketEnumerator(SplitEnumeratorContext<PacketSplit> context, PacketEnumeratorState restored) {
    this.context = context;
    restored.unassigned().forEach(this::await);
    context.metricGroup().setUnassignedSplitsGauge(() -> (long) waiting.size());
  }

  /** A split waits for a reader, unless it does already. */
  final void await(PacketSplit split) {
    waiting.putIfAbsent(split.splitId(), split);
  }

  final List<PacketSplit> waiting() {
    return new ArrayList<>(waiting.values());
  }

  /** No reader needs the split any more. */
  final void forget(PacketSplit split) {
    waiting.remove(split.splitId());
  }

  final boolean isKnown(String splitId) {
    return waiting.containsKey(splitId) || assigned.containsKey(splitId);
  }

  final void assign(PacketSplit split, int subtask) {
    LOG.info("subtask {} gets {}", subtask, split);
    waiting.remove(split.splitId());
    assigned.put(split.splitId(), subtask);
    context.assignSplit(split, subtask);
  }

  /** Whether all readers of the job are there. */
  final boolean isComplete() {
    return context.registeredReaders().size() == context.currentParallelism();
  }

  @Override
  public void addReader(int subtask) {
    ReaderInfo reader =
        Objects.requireNonNull(context.registeredReaders().get(subtask), "not registered");
    List<PacketSplit> reported = reader.getReportedSplitsOnRegistration();
    List<PacketSplit> back = new ArrayList<>();
    for (PacketSplit split : reported) {
      Integer owner = assigned.get(split.splitId());
      if (owner == null || owner == subtask) {
        assigned.remove(split.splitId());
        await(split);
        back.add(split);
      }
    }
    readerAdded(subtask, back);
  }

  @Override
  public void handleSourceEvent(int subtask, SourceEvent event) {
    ReaderEvent told = (ReaderEvent) event;
    if (told instanceof ReaderEvent.Started started) {
      readerStarted(subtask, started.host());
    } else {
      List<String> splitIds = ((ReaderEvent.Finished) told).splitIds();
      for (String splitId : splitIds) {
        assigned.remove(splitId, subtask);
      }
      splitsFinished(splitIds);
    }
  }

  /** A reader that was added tells the name of its host. */
  abstract void readerStarted(int subtask, String host);

  /** Splits ended. A reader that failed after that may bring them back. */
  abstract void splitsFinished(List<String> splitIds);

  /**
   * A reader is there; what it had waits for a reader again.
   *
   * @param back what it had
   */
  abstract void readerAdded(int subtask, List<PacketSplit> back);

  @Override
  public void addSplitsBack(List<PacketSplit> splits, int subtask) {
    for (PacketSplit split : splits) {
      assigned.remove(split.splitId());
      await(split);
    }
    splitsBack();
  }

  /** Splits wait that a reader had. */
  abstract void splitsBack();

  @Override
  public void close() {}
}
