package dev.ringtap.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.file.FileRange;
import dev.ringtap.testkit.BrokenBlock;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Waking, pausing and ending, on a file that may grow. */
@Timeout(20)
class PacketSplitReaderTest {
  private static final int FRAMES = 100;

  @TempDir Path directory;
  private FileSplit split;
  private SplitContext run;
  private final Counter errors = new SimpleCounter();
  private PacketSplitReader reader;

  @BeforeEach
  void createReader() throws IOException {
    Path file = PcapFile.writeNumbered(directory.resolve("a.pcap"), FRAMES, 100);
    split = FileSplit.of(file.toString(), FileRange.WHOLE);
    run = new SplitContext(split, Long.MAX_VALUE, errors);
    reader =
        new PacketSplitReader(
            new SplitOpener(Map.of(), PacketFilter.ALL, null, Integer.MAX_VALUE, true, false),
            ignored -> run);
    reader.handleSplitsChanges(new SplitsAddition<>(List.of(split)));
  }

  @AfterEach
  void closeReader() {
    reader.close();
  }

  private static int count(RecordsWithSplitIds<FetchedFrame> batch) {
    int count = 0;
    while (batch.nextSplit() != null) {
      while (batch.nextRecordFromSplit() != null) {
        count++;
      }
    }
    batch.recycle();
    return count;
  }

  private CompletableFuture<RecordsWithSplitIds<FetchedFrame>> fetching() {
    CompletableFuture<RecordsWithSplitIds<FetchedFrame>> fetched = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                fetched.complete(reader.fetch());
              } catch (IOException | RuntimeException e) {
                fetched.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return fetched;
  }

  private static boolean isWaiting(CompletableFuture<?> future)
      throws InterruptedException, ExecutionException {
    try {
      future.get(300, TimeUnit.MILLISECONDS);
      return false;
    } catch (TimeoutException e) {
      return true;
    }
  }

  @Test
  void aFetchThatWaitsIsWokenWithNothingAndGoesOnAfterwards() throws Exception {
    assertThat(count(reader.fetch())).isEqualTo(FRAMES);
    for (int i = 0; i < 3; i++) {
      CompletableFuture<RecordsWithSplitIds<FetchedFrame>> fetch = fetching();
      assertThat(isWaiting(fetch)).isTrue();
      reader.wakeUp();
      RecordsWithSplitIds<FetchedFrame> woken = fetch.get(5, TimeUnit.SECONDS);
      assertThat(woken.finishedSplits()).isEmpty();
      assertThat(count(woken)).isZero();
    }
    PcapFile.append(Path.of(split.path()), List.of(new byte[60]), 5);
    assertThat(count(reader.fetch())).isEqualTo(1);
  }

  @Test
  void aPausedSplitIsNotTakenFromUntilItIsResumed() throws Exception {
    reader.pauseOrResumeSplits(List.of(split), List.of());
    for (int i = 0; i < 3; i++) {
      assertThat(count(fetching().get(5, TimeUnit.SECONDS))).isZero();
    }
    assertThat(run.statistics().captured()).isZero();
    reader.pauseOrResumeSplits(List.of(), List.of(split));
    assertThat(count(reader.fetch())).isEqualTo(FRAMES);
  }

  @Test
  void aBlockIsGivenBackWhenItsBatchIsRecycledAndTheLedgerKnowsWhatIsLeft() throws Exception {
    RecordsWithSplitIds<FetchedFrame> batch = reader.fetch();
    assertThat(batch.nextSplit()).isEqualTo(split.splitId());
    for (int i = 0; i < 30; i++) {
      assertThat(batch.nextRecordFromSplit().frame.sequence()).isEqualTo(i);
    }
    batch.recycle();
    reader.close();
    assertThat(run.ledger()).isEqualTo(new SplitLedger(FRAMES, 0, 30, 0, FRAMES - 30, 0));
    assertThat(run.ledger().balances()).isTrue();
    assertThat(errors.getCount()).isZero();
  }

  @Test
  void whatCannotBeReadOfABlockIsInTheLedgerAndCountedAsErrors() throws Exception {
    RecordsWithSplitIds<FetchedFrame> batch = reader.fetch();
    assertThat(batch.nextSplit()).isEqualTo(split.splitId());
    for (int i = 0; i < 29; i++) {
      assertThat(batch.nextRecordFromSplit().frame.sequence()).isEqualTo(i);
    }
    BrokenBlock.breakBehind(batch.nextRecordFromSplit().frame);
    assertThat(batch.nextRecordFromSplit()).isNull();
    batch.recycle();
    assertThat(run.ledger()).isEqualTo(new SplitLedger(FRAMES, 0, 30, FRAMES - 30, 0, 0));
    assertThat(run.ledger().balances()).isTrue();
    assertThat(errors.getCount()).isEqualTo(FRAMES - 30);
    PcapFile.append(Path.of(split.path()), List.of(new byte[60]), 5);
    assertThat(count(reader.fetch())).isEqualTo(1);
  }

  /** Also of frames that are not emitted: here all were emitted before a restore. */
  @Test
  void theWatermarkFollowsTheFramesReadAndNotOnlyTheFramesKept() throws Exception {
    reader.close();
    reader =
        new PacketSplitReader(
            new SplitOpener(Map.of(), PacketFilter.ALL, null, Integer.MAX_VALUE, true, true),
            ignored -> run);
    split = split.at(FileRange.WHOLE, new PacketSplit.Progress(FRAMES, FRAMES, 0));
    run = new SplitContext(split, Long.MAX_VALUE, errors);
    reader.handleSplitsChanges(new SplitsAddition<>(List.of(split)));
    RecordsWithSplitIds<FetchedFrame> batch = reader.fetch();
    assertThat(batch.nextSplit()).isEqualTo(split.splitId());
    FetchedFrame fetched = batch.nextRecordFromSplit();
    assertThat(fetched.frame).isNull();
    assertThat(fetched.watermark).isEqualTo(FRAMES - 1 - 1);
    assertThat(batch.nextRecordFromSplit()).isNull();
    batch.recycle();
  }

  /** Frames that the kernel has, and has not handed over, are earlier than its clock. */
  @Test
  void theWatermarkFollowsTheClockWhileTheKernelHasNoFrame() throws Exception {
    SplitWatermarks watermarks = SplitWatermarks.ofCapture(20, true);
    long before = System.currentTimeMillis();
    assertThat(watermarks.whenEmpty(offering(10, 10)))
        .isBetween(before - 21, System.currentTimeMillis() - 21);
    assertThat(watermarks.whenEmpty(offering(11, 10))).isEqualTo(SplitWatermarks.NOTHING);
    assertThat(SplitWatermarks.ofCapture(20, false).whenEmpty(offering(10, 10)))
        .as("another clock")
        .isEqualTo(SplitWatermarks.NOTHING);
    assertThat(SplitWatermarks.NONE.whenEmpty(offering(10, 10))).isEqualTo(SplitWatermarks.NOTHING);
    assertThat(SplitWatermarks.NONE.after(5)).isEqualTo(SplitWatermarks.NOTHING);
  }

  private static BlockSource offering(long offered, long captured) {
    return (BlockSource)
        Proxy.newProxyInstance(
            BlockSource.class.getClassLoader(),
            new Class<?>[] {BlockSource.class},
            (proxy, method, arguments) -> new CaptureStatistics(offered, 0, captured, 0));
  }
}
