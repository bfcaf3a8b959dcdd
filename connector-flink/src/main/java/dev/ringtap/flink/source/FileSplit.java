package dev.ringtap.flink.source;

import dev.ringtap.file.FileRange;
import java.util.Objects;

/** A capture file, or the frames that begin in a range of its bytes. */
public final class FileSplit extends PacketSplit {
  private final String path;
  private final long startBytes;
  private final FileRange range;

  /**
   * @param path the file, where every reader finds it
   * @param startBytes where the split began before anything of it was read: names it
   * @param range what is left to read; frames before the progress are skipped
   */
  FileSplit(String path, long startBytes, FileRange range, Progress progress) {
    super(progress);
    this.path = Objects.requireNonNull(path);
    this.startBytes = startBytes;
    this.range = Objects.requireNonNull(range);
  }

  /** A split of which nothing was read. */
  static FileSplit of(String path, FileRange range) {
    return new FileSplit(path, range.startBytes(), range, new Progress(range.firstFrame(), 0, 0));
  }

  FileSplit at(FileRange rest, Progress progress) {
    return new FileSplit(path, startBytes, rest, progress);
  }

  /** The file. */
  public String path() {
    return path;
  }

  /** Where the split begins in the file, in bytes. */
  public long startBytes() {
    return startBytes;
  }

  /** Where reading goes on; the frames in it before {@link #progress()} were read already. */
  public FileRange range() {
    return range;
  }

  @Override
  public String splitId() {
    return path + "@" + startBytes;
  }
}
