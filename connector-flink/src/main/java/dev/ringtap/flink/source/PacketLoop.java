package dev.ringtap.flink.source;

import dev.ringtap.file.CaptureFileIndex;
import dev.ringtap.file.FileRange;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;

/**
 * Reads a source's splits without an enumerator: for {@link
 * dev.ringtap.flink.legacy.PacketSourceFunction}, with the same readers. Each split has a thread;
 * elements are handed over under one lock.
 *
 * @param <T> element of the stream
 */
public final class PacketLoop<T> {
  private final PacketSource<T> source;
  private final Object lock;
  private final List<PacketSplit> splits;
  private final Map<String, PacketSplitState> states = new ConcurrentHashMap<>();
  private final List<PacketSplitReader> readers = new ArrayList<>();

  private volatile boolean stopped;
  private volatile Throwable failure;

  private PacketLoop(PacketSource<T> source, Object lock, List<PacketSplit> splits) {
    this.source = source;
    this.lock = lock;
    this.splits = splits;
    for (PacketSplit split : splits) {
      SplitRun run = new SplitRun(split, source.limit(), new SimpleCounter());
      states.put(split.splitId(), new PacketSplitState(split, run));
      readers.add(new PacketSplitReader(source.opener(), ignored -> run));
    }
  }

  /** Takes an element and its time in ms since 1970 UTC. */
  public interface Output<T> {
    /** Called under the lock. */
    void accept(T element, long timestampMillis);
  }

  /**
   * The loop of one subtask.
   *
   * @param lock held while elements are handed over and while a {@link #snapshot} is taken
   * @param host name of this host
   * @param fanoutGroup the group of subtasks that are on one host
   * @param restored what all subtasks had, by {@link #snapshot}
   * @throws IOException if the files cannot be read
   */
  public static <T> PacketLoop<T> create(
      PacketSource<T> source,
      Object lock,
      String host,
      int subtask,
      int parallelism,
      int fanoutGroup,
      List<byte[]> restored)
      throws IOException {
    Map<String, PacketSplit> all = new TreeMap<>();
    for (byte[] each : restored) {
      PacketSplit split = PacketSplitSerializer.INSTANCE.deserialize(1, each);
      all.put(split.splitId(), split);
    }
    List<PacketSplit> own = new ArrayList<>();
    if (source.opener().isLive()) {
      for (CaptureRecipe recipe : source.opener().captures(host)) {
        int chosen = FanoutOptions.group(recipe);
        LiveSplit fresh =
            source.liveSplit(
                host,
                recipe,
                subtask,
                parallelism == 1 ? chosen : chosen == 0 ? fanoutGroup : chosen);
        PacketSplit before = all.get(fresh.splitId());
        own.add(before == null ? fresh : fresh.at(before.progress()));
      }
    } else {
      int index = 0;
      for (PacketSplit split : all.isEmpty() ? files(source) : all.values()) {
        if (index++ % parallelism == subtask) {
          own.add(split);
        }
      }
    }
    return new PacketLoop<>(source, lock, own);
  }

  private static List<PacketSplit> files(PacketSource<?> source) throws IOException {
    List<PacketSplit> splits = new ArrayList<>();
    for (String path : source.paths()) {
      for (Path file : FileEnumerator.files(Path.of(path))) {
        List<FileRange> ranges =
            source.opener().follows()
                ? List.of(FileRange.WHOLE)
                : CaptureFileIndex.ranges(file, source.rangeBytes());
        ranges.forEach(range -> splits.add(FileSplit.of(file.toString(), range)));
      }
    }
    return splits;
  }

  /** The splits as of now; called under the lock. */
  public List<byte[]> snapshot() throws IOException {
    List<byte[]> all = new ArrayList<>();
    for (PacketSplitState state : states.values()) {
      all.add(PacketSplitSerializer.INSTANCE.serialize(state.toSplit()));
    }
    return all;
  }

  /**
   * Reads until all splits have ended or {@link #stop} is called.
   *
   * @throws Exception what ended a split before its time
   */
  public void run(Counter bytesIn, Output<T> output) throws Exception {
    source.deserializer().open();
    PacketEmitter<T> emitter =
        new PacketEmitter<>(source.deserializer(), new SimpleCounter(), bytesIn);
    SourceOutput<T> adapter = new Adapter<>(output);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < splits.size(); i++) {
      PacketSplit split = splits.get(i);
      PacketSplitReader reader = readers.get(i);
      Thread thread =
          new Thread(() -> read(split, reader, emitter, adapter), "packets " + split.splitId());
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } finally {
      stop();
    }
    if (failure != null) {
      throw new IOException(failure.getMessage(), failure);
    }
  }

  private void read(
      PacketSplit split,
      PacketSplitReader reader,
      PacketEmitter<T> emitter,
      SourceOutput<T> output) {
    try {
      reader.handleSplitsChanges(new SplitsAddition<>(List.of(split)));
      PacketSplitState state = states.get(split.splitId());
      boolean ended = false;
      while (!stopped && !ended) {
        RecordsWithSplitIds<FetchedFrame> batch = reader.fetch();
        ended = !batch.finishedSplits().isEmpty();
        try {
          emit(batch, state, emitter, output);
        } finally {
          batch.recycle();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      stop();
    } finally {
      reader.close();
    }
  }

  private void emit(
      RecordsWithSplitIds<FetchedFrame> batch,
      PacketSplitState state,
      PacketEmitter<T> emitter,
      SourceOutput<T> output) {
    if (batch.nextSplit() == null) {
      return;
    }
    while (!stopped) {
      synchronized (lock) {
        FetchedFrame fetched = batch.nextRecordFromSplit();
        if (fetched == null) {
          return;
        }
        emitter.emitRecord(fetched, output, state);
      }
    }
  }

  /** Ends {@link #run} soon; what was read and not handed over is read again after a restore. */
  public void stop() {
    stopped = true;
    readers.forEach(PacketSplitReader::wakeUp);
  }

  private static final class Adapter<T> implements SourceOutput<T> {
    private final Output<T> output;

    Adapter(Output<T> output) {
      this.output = output;
    }

    @Override
    public void collect(T element) {
      throw new UnsupportedOperationException("every packet has a time");
    }

    @Override
    public void collect(T element, long timestamp) {
      output.accept(element, timestamp);
    }

    @Override
    public void emitWatermark(Watermark watermark) {}

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}
  }
}
