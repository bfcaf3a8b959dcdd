package dev.ringtap.flink.source;

import dev.ringtap.capture.CaptureConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.jspecify.annotations.Nullable;

/**
 * Reads a source's splits without an enumerator: for {@link
 * dev.ringtap.flink.legacy.PacketSourceFunction}, with the same readers. Each split has a thread;
 * elements are handed over under one lock.
 *
 * @param <T> element of the stream
 */
public final class PacketLoop<T> {
  private final PacketSource<T> source;
  private final List<PacketSplit> splits;
  private final Map<String, PacketSplitState> states = new ConcurrentHashMap<>();
  private final List<PacketSplitReader> readers = new ArrayList<>();

  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  private PacketLoop(PacketSource<T> source, List<PacketSplit> splits) {
    this.source = source;
    this.splits = splits;
    for (PacketSplit split : splits) {
      SplitContext run = new SplitContext(split, source.terms().limit(), new SimpleCounter());
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
   * Checks that a source needs no enumerator.
   *
   * @throws IllegalArgumentException if it does; the message says for what
   */
  public static void requireReadable(PacketSource<?> source) {
    if (source.listing().discovers()) {
      throw new IllegalArgumentException(
          "a SourceFunction lists its files once: give a source with a discoveryInterval to"
              + " env.fromSource");
    }
  }

  /**
   * The loop of one subtask.
   *
   * @param host name of this host
   * @param job any bits that the subtasks have in common, unlike other sources
   * @param restored what all subtasks had, by {@link #snapshot}
   * @throws IOException if the files cannot be read
   */
  public static <T> PacketLoop<T> create(
      PacketSource<T> source,
      String host,
      int subtask,
      int parallelism,
      int job,
      List<byte[]> restored)
      throws IOException {
    Map<String, PacketSplit> all = new TreeMap<>();
    for (byte[] each : restored) {
      PacketSplit split = PacketSplitSerializer.INSTANCE.deserialize(1, each);
      all.put(split.splitId(), split);
    }
    return new PacketLoop<>(
        source,
        source.opener().isLive()
            ? captures(source, host, subtask, job, all)
            : files(source, subtask, parallelism, all));
  }

  private static List<PacketSplit> captures(
      PacketSource<?> source, String host, int subtask, int job, Map<String, PacketSplit> before) {
    long duration = source.terms().durationMillis();
    long end =
        duration == LiveSplit.NO_END ? LiveSplit.NO_END : System.currentTimeMillis() + duration;
    List<PacketSplit> own = new ArrayList<>();
    for (CaptureConfig config : source.opener().captures(host)) {
      int group = LiveSplit.group(config, job, own.size());
      LiveSplit fresh =
          new LiveSplit(
              host, config.interfaceName(), subtask, group, end, PacketSplit.Progress.NONE);
      LiveSplit known = (LiveSplit) before.get(fresh.splitId());
      own.add(known == null ? fresh : known.inGroup(group));
    }
    return own;
  }

  private static List<PacketSplit> files(
      PacketSource<?> source, int subtask, int parallelism, Map<String, PacketSplit> before)
      throws IOException {
    List<PacketSplit> all = new ArrayList<>(before.values());
    if (all.isEmpty()) {
      source.listing().list(Map.of()).cuts().values().forEach(cut -> all.addAll(cut.splits()));
    }
    List<PacketSplit> own = new ArrayList<>();
    for (int i = subtask; i < all.size(); i += parallelism) {
      own.add(all.get(i));
    }
    return own;
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
   * @param lock held while elements are handed over, and by the caller of {@link #snapshot}
   * @throws Exception what ended a split before its time
   */
  public void run(Object lock, Counter bytesIn, Output<T> output) throws Exception {
    source.deserializer().open();
    PacketEmitter<T> emitter =
        new PacketEmitter<>(source.deserializer(), new SimpleCounter(), bytesIn);
    SourceOutput<T> adapter = new Adapter<>(output);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < splits.size(); i++) {
      PacketSplit split = splits.get(i);
      PacketSplitReader reader = readers.get(i);
      Thread thread =
          new Thread(
              () -> read(lock, split, reader, emitter, adapter), "packets " + split.splitId());
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
    Throwable first = failure;
    if (first != null) {
      throw new IOException(first.getMessage(), first);
    }
  }

  private void read(
      Object lock,
      PacketSplit split,
      PacketSplitReader reader,
      PacketEmitter<T> emitter,
      SourceOutput<T> output) {
    try {
      reader.handleSplitsChanges(new SplitsAddition<>(List.of(split)));
      PacketSplitState state = Objects.requireNonNull(states.get(split.splitId()));
      boolean ended = false;
      while (!stopped && !ended) {
        RecordsWithSplitIds<FetchedFrame> batch = reader.fetch();
        ended = !batch.finishedSplits().isEmpty();
        try {
          emit(lock, batch, state, emitter, output);
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
      Object lock,
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
