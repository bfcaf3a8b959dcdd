package dev.ringtap.flink.source;

import dev.ringtap.file.CaptureFileIndex;
import dev.ringtap.file.FileRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Cuts capture files into splits and gives each to the reader that asks next. Files that are
 * followed have no end: they are dealt out once all readers are there.
 */
final class FileEnumerator extends PacketEnumerator {
  private final List<String> paths;
  private final long rangeBytes;
  private final boolean follow;
  private final boolean bounded;
  private final TreeSet<Integer> asking = new TreeSet<>();
  private boolean planned;

  /**
   * @param paths files, and directories whose files are meant
   * @param rangeBytes least size of a split but a file's last
   * @param follow whether the files may grow; each is one split then
   * @param bounded whether the splits end
   */
  FileEnumerator(
      SplitEnumeratorContext<PacketSplit> context,
      PacketEnumeratorState restored,
      List<String> paths,
      long rangeBytes,
      boolean follow,
      boolean bounded) {
    super(context, restored);
    this.bounded = bounded;
    this.paths = paths;
    this.rangeBytes = rangeBytes;
    this.follow = follow;
    this.planned = restored.planned();
  }

  @Override
  public void start() {
    if (!planned) {
      context.callAsync(() -> splits(paths, rangeBytes, follow), this::plan);
    }
  }

  private void plan(List<FileSplit> splits, Throwable failure) {
    if (failure != null) {
      throw new FlinkRuntimeException(
          "the capture files cannot be read where the JobManager runs: " + failure.getMessage(),
          failure);
    }
    splits.forEach(this::await);
    planned = true;
    deal();
  }

  private static List<FileSplit> splits(List<String> paths, long rangeBytes, boolean follow)
      throws IOException {
    List<FileSplit> splits = new ArrayList<>();
    for (String path : paths) {
      for (Path file : files(Path.of(path))) {
        List<FileRange> ranges =
            follow ? List.of(FileRange.WHOLE) : CaptureFileIndex.ranges(file, rangeBytes);
        ranges.forEach(range -> splits.add(FileSplit.of(file.toString(), range)));
      }
    }
    return splits;
  }

  /** The file, or the files of the directory. */
  static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public void handleSplitRequest(int subtask, String requesterHost) {
    asking.add(subtask);
    deal();
  }

  @Override
  void readerAdded(int subtask) {
    asking.remove(subtask);
    deal();
  }

  @Override
  void splitsBack() {
    deal();
  }

  private void deal() {
    if (!planned) {
      return;
    }
    if (follow) {
      dealAll();
      return;
    }
    Iterator<PacketSplit> splits = waiting().iterator();
    for (Iterator<Integer> readers = asking.iterator(); readers.hasNext(); readers.remove()) {
      int subtask = readers.next();
      if (!context.registeredReaders().containsKey(subtask)) {
        continue;
      }
      if (splits.hasNext()) {
        assign(splits.next(), subtask);
      } else {
        context.signalNoMoreSplits(subtask);
      }
    }
  }

  private void dealAll() {
    if (!isComplete()) {
      return;
    }
    int next = 0;
    for (PacketSplit split : waiting()) {
      assign(split, next++ % context.currentParallelism());
    }
    if (bounded) {
      context.registeredReaders().keySet().forEach(context::signalNoMoreSplits);
    }
  }

  @Override
  public PacketEnumeratorState snapshotState(long checkpointId) {
    return new PacketEnumeratorState(planned, 0, waiting());
  }
}
