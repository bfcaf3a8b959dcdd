package dev.ringtap.flink.source;

import dev.ringtap.file.FileRange;

/**
 * A capture file, or the frames that begin in a range of its bytes.
 *
 * @param path the file, where every reader finds it
 * @param startBytes where the split began before anything of it was read: names it
 * @param range what is left to read; the frames in it before the progress were read already
 * @param progress how far it was read
 */
public record FileSplit(String path, long startBytes, FileRange range, Progress progress)
    implements PacketSplit {
  /** A split of which nothing was read. */
  static FileSplit of(String path, FileRange range) {
    return new FileSplit(path, range.startBytes(), range, new Progress(range.firstFrame(), 0, 0));
  }

  FileSplit at(FileRange rest, Progress now) {
    return new FileSplit(path, startBytes, rest, now);
  }

  @Override
  public String splitId() {
    return path + "@" + startBytes;
  }

  @Override
  public String toString() {
    return PacketSplit.text(this);
  }
}
