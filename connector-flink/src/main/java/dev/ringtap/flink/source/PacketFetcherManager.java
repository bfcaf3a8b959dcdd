package dev.ringtap.flink.source;

import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.fetcher.SplitFetcher;
import org.apache.flink.connector.base.source.reader.fetcher.SplitFetcherManager;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;

/**
 * A thread for each split: whoever waits for packets of one interface must not keep those of
 * another waiting.
 */
final class PacketFetcherManager extends SplitFetcherManager<FetchedFrame, PacketSplit> {
  PacketFetcherManager(
      Supplier<SplitReader<FetchedFrame, PacketSplit>> readers, Configuration configuration) {
    super(readers, configuration);
  }

  @Override
  public void addSplits(List<PacketSplit> splits) {
    for (PacketSplit split : splits) {
      SplitFetcher<FetchedFrame, PacketSplit> fetcher = createSplitFetcher();
      fetcher.addSplits(List.of(split));
      startFetcher(fetcher);
    }
  }

  @Override
  public void removeSplits(List<PacketSplit> splits) {
    throw new UnsupportedOperationException("splits end by themselves");
  }
}
