package dev.ringtap.flink.source;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.SourceReaderBase;

/** Reads splits and emits their frames as elements. */
@SuppressWarnings("try") // the close of Flink's base class may throw InterruptedException
final class PacketReader<T>
    extends SourceReaderBase<FetchedFrame, T, PacketSplit, PacketSplitState> {
  private final ReaderMetrics metrics;
  private final ConcurrentHashMap<String, SplitContext> runs;
  private final long limit;
  private final boolean live;
  private final boolean asksForSplits;

  /**
   * Live splits that ended, by id. They stay in the reader's state: a checkpoint may hold it and an
   * enumerator that did not know of the end yet, and the splits would start again.
   */
  private final Map<String, PacketSplit> finished = new LinkedHashMap<>();

  private PacketReader(
      ConcurrentHashMap<String, SplitContext> runs,
      SplitOpener opener,
      PacketDeserializer<T> deserializer,
      long limit,
      Configuration config,
      SourceReaderContext context) {
    super(
        new PacketFetcherManager(
            () ->
                new PacketSplitReader(
                    opener, split -> Objects.requireNonNull(runs.get(split.splitId()))),
            config),
        new PacketEmitter<>(
            deserializer,
            context.metricGroup().getIOMetricGroup().getNumRecordsInCounter(),
            context.metricGroup().getIOMetricGroup().getNumBytesInCounter()),
        config,
        context);
    this.runs = runs;
    this.limit = limit;
    this.live = opener.isLive();
    this.asksForSplits = !opener.isLive() && !opener.follows();
    this.metrics = new ReaderMetrics(context.metricGroup(), runs.values());
  }

  static <T> PacketReader<T> create(
      SplitOpener opener,
      PacketDeserializer<T> deserializer,
      long limit,
      SourceReaderContext context) {
    deserializer.open();
    return new PacketReader<>(
        new ConcurrentHashMap<>(),
        opener,
        deserializer,
        limit,
        context.getConfiguration(),
        context);
  }

  @Override
  public void start() {
    String host = HostName.of(context.getConfiguration(), context.getLocalHostName());
    context.sendSourceEventToCoordinator(new ReaderEvent.Started(host));
    if (asksForSplits && getNumberOfCurrentlyAssignedSplits() == 0) {
      context.sendSplitRequest();
    }
  }

  @Override
  protected PacketSplitState initializedState(PacketSplit split) {
    SplitContext run =
        new SplitContext(split, limit, context.metricGroup().getNumRecordsInErrorsCounter());
    runs.put(split.splitId(), run);
    metrics.register(run);
    return new PacketSplitState(split, run);
  }

  @Override
  protected PacketSplit toSplitType(String splitId, PacketSplitState state) {
    return state.toSplit();
  }

  @Override
  protected void onSplitFinished(Map<String, PacketSplitState> ended) {
    runs.keySet().removeAll(ended.keySet());
    if (live) {
      ended.forEach((splitId, state) -> finished.put(splitId, state.toSplit()));
    }
    context.sendSourceEventToCoordinator(new ReaderEvent.Finished(List.copyOf(ended.keySet())));
    if (asksForSplits && getNumberOfCurrentlyAssignedSplits() == 0) {
      context.sendSplitRequest();
    }
  }

  @Override
  public List<PacketSplit> snapshotState(long checkpointId) {
    List<PacketSplit> all = new ArrayList<>(super.snapshotState(checkpointId));
    all.addAll(finished.values());
    return all;
  }
}
