package dev.ringtap.flink.source;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.file.FileRange;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes blocks of one split, on its fetcher's thread; {@link #wakeUp} is for any. A split that is
 * paused is not taken from: the ring fills, the kernel drops and counts.
 */
final class PacketSplitReader implements SplitReader<FetchedFrame, PacketSplit> {
  /** The name under which the ledgers are logged. */
  static final Logger LEDGER_LOG = LoggerFactory.getLogger(SplitLedger.class);

  private static final int POLL_TIMEOUT_MILLIS = 1000;

  /** How often a watermark that follows the clock goes on; Flink's own do by default. */
  private static final int WATERMARK_MILLIS = 200;

  private static final int PAUSE_MILLIS = 50;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** A ring that is stopped gives its last block after its retire timeout, of 10 s at most. */
  private static final int DRAIN_MILLIS = 12_000;

  private final SplitOpener opener;
  private final Function<PacketSplit, SplitContext> runs;
  private final Object lock = new Object();

  /** Null until a split was added. */
  private @Nullable SplitContext run;

  @SuppressWarnings("NullAway.Init") // fetch() opens the source first
  private SplitFilter filter;

  @SuppressWarnings("NullAway.Init") // likewise
  private SplitWatermarks watermarks;

  private volatile @Nullable BlockSource source;
  private boolean stopped;
  private boolean paused;
  private boolean endReached;

  /** Guarded by lock. */
  private boolean woken;

  /**
   * @param runs finds the run of a split that was added
   */
  PacketSplitReader(SplitOpener opener, Function<PacketSplit, SplitContext> runs) {
    this.opener = opener;
    this.runs = runs;
  }

  @Override
  public void handleSplitsChanges(SplitsChange<PacketSplit> change) {
    if (!(change instanceof SplitsAddition)) {
      throw new UnsupportedOperationException("splits change by " + change);
    }
    List<PacketSplit> splits = change.splits();
    if (run != null && !endReached || splits.size() != 1) {
      throw new IllegalStateException(
          "a reader of one split at a time was given %s while it has %s"
              .formatted(splits, run == null ? "none" : run.split()));
    }
    run = runs.apply(splits.get(0));
    source = null;
    stopped = false;
    paused = false;
    endReached = false;
  }

  @Override
  public RecordsWithSplitIds<FetchedFrame> fetch() throws IOException {
    SplitContext reading = Objects.requireNonNull(run, "no split");
    BlockSource opened = source == null ? open(reading) : source;
    while (!isWoken()) {
      if (paused) {
        // Once a pause has broken off one fetcher's wait to put, FutureCompletingBlockingQueue
        // forgets to wake another that waits too; whoever puts next wakes it.
        awaitWakeUp();
        return FrameBatch.EMPTY;
      }
      if (reading.isLimitReached()) {
        return end(reading, opened);
      }
      FileRange start = opened instanceof CaptureFile file ? file.rest() : null;
      Block block = opened.poll(timeoutMillis(reading.split(), opened));
      if (block != null) {
        return new FrameBatch(reading, filter, block, start, watermarks);
      }
      if (opened.isEnded()) {
        return end(reading, opened);
      }
      long watermark = watermarks.whenEmpty(opened);
      if (watermark != SplitWatermarks.NOTHING) {
        return FrameBatch.watermark(reading.split().splitId(), watermark);
      }
    }
    return FrameBatch.EMPTY;
  }

  private BlockSource open(SplitContext reading) throws IOException {
    PacketSplit split = reading.split();
    filter = opener.filter(split);
    watermarks = opener.watermarks(split);
    BlockSource opened = opener.open(split);
    reading.opened(opened);
    source = opened;
    return opened;
  }

  /** A capture with an end is stopped then, and still gives what is in its ring. */
  private int timeoutMillis(PacketSplit split, BlockSource opened) throws IOException {
    int most = watermarks.followClock() ? WATERMARK_MILLIS : POLL_TIMEOUT_MILLIS;
    if (!(split instanceof LiveSplit live) || stopped) {
      return most;
    }
    long left = live.endMillis() - System.currentTimeMillis();
    if (left <= 0) {
      opened.stop();
      stopped = true;
      return most;
    }
    return (int) Math.min(left, most);
  }

  /** The blocks before are not emitted yet: the source lives until they are. */
  private RecordsWithSplitIds<FetchedFrame> end(SplitContext ended, BlockSource ending) {
    endReached = true;
    return FrameBatch.end(ended.split().splitId(), () -> close(ended, ending));
  }

  private boolean isWoken() {
    synchronized (lock) {
      boolean was = woken;
      woken = false;
      return was;
    }
  }

  private void awaitWakeUp() {
    synchronized (lock) {
      try {
        if (!woken) {
          lock.wait(PAUSE_MILLIS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      woken = false;
    }
  }

  @Override
  public void wakeUp() {
    synchronized (lock) {
      woken = true;
      lock.notifyAll();
    }
    BlockSource waiting = source;
    if (waiting != null) {
      waiting.wake();
    }
  }

  @Override
  public void pauseOrResumeSplits(
      Collection<PacketSplit> splitsToPause, Collection<PacketSplit> splitsToResume) {
    if (!splitsToPause.isEmpty()) {
      paused = true;
    }
    if (!splitsToResume.isEmpty()) {
      paused = false;
    }
  }

  @Override
  public void close() {
    if (run != null && source != null) {
      close(run, source);
    }
  }

  /**
   * Closes a source once. What is still in a ring is counted before, so that the ledger adds up to
   * the frame.
   */
  private static void close(SplitContext run, BlockSource source) {
    synchronized (run) {
      if (run.isClosed()) {
        return;
      }
      run.setClosed();
      try {
        drain(source);
        source.close();
      } catch (IOException e) {
        LEDGER_LOG.warn("{}: {}", run.split().splitId(), e.getMessage());
      }
      run.release();
      LEDGER_LOG.info("{}: {}", nameInLedger(run, source), run.ledger());
    }
  }

  /** Names the capture as its records do. */
  private static String nameInLedger(SplitContext run, BlockSource source) {
    if (!(source instanceof PacketCapture packetCapture)) {
      return run.split().splitId();
    }
    CaptureId capture = packetCapture.capture();
    return String.format(
        "%s/%s#%d captureStart=%s",
        capture.host(), capture.interfaceName(), capture.member(), capture.start());
  }

  private static void drain(BlockSource source) throws IOException {
    if (source instanceof CaptureFile || source.isEnded()) {
      return;
    }
    source.stop();
    long deadline = System.nanoTime() + DRAIN_MILLIS * NANOS_PER_MILLI;
    while (!source.isEnded() && System.nanoTime() - deadline < 0) {
      Block block = source.poll(POLL_TIMEOUT_MILLIS);
      if (block != null) {
        // its frames are in the statistics
        block.close();
      }
    }
  }
}
