package dev.ringtap.file;

import dev.ringtap.file.RecordReader.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts capture files into ranges that different readers read. Finding the cuts takes one sequential
 * read of the file, without decoding its frames.
 */
public final class CaptureFileIndex {
  private static final long NO_DEADLINE_NANOS = Long.MAX_VALUE / 2;
  private static final int SAMPLE_BYTES = 1 << 17;

  private CaptureFileIndex() {}

  /**
   * The ranges of a file, which together hold each of its frames once. A packed file and a pipe are
   * one range. A file that ends within a record is cut as far as it can be read; whoever reads the
   * last range meets the fault.
   *
   * @param rangeBytes least size of a range but the last
   * @throws IOException if it cannot be opened or is no capture file
   */
  public static List<FileRange> ranges(Path path, long rangeBytes) throws IOException {
    if (!Files.isRegularFile(path) || Files.size(path) <= rangeBytes) {
      return List.of(FileRange.WHOLE);
    }
    ByteInput input = ByteInput.open(path);
    try {
      FileWindow window = new FileWindow(input, path.toString());
      RecordReader reader = CaptureFile.reader(window);
      if (input.isPacked()) {
        return List.of(FileRange.WHOLE);
      }
      return ranges(reader, rangeBytes);
    } finally {
      input.end();
    }
  }

  /**
   * Estimates how many frames a file has, from its length and the frames at its start.
   *
   * @param start the file from its start on; closed here
   * @param name of the file, in errors
   * @return a negative number for a packed file, whose length tells nothing
   * @throws IOException if it cannot be read or is no capture file
   */
  public static long estimateFrames(InputStream start, String name, long fileBytes)
      throws IOException {
    ByteInput input = ByteInput.of(start);
    try {
      RecordReader reader = CaptureFile.reader(new FileWindow(input, name));
      if (input.isPacked()) {
        return -1;
      }
      long frames = 0;
      long sampledBytes = 0;
      while (sampledBytes < SAMPLE_BYTES
          && reader.next(System.nanoTime() + NO_DEADLINE_NANOS) == Outcome.RECORD) {
        frames++;
        sampledBytes = reader.nextOffset();
      }
      return frames == 0 ? 0 : Math.round((double) frames * fileBytes / sampledBytes);
    } finally {
      input.end();
    }
  }

  private static List<FileRange> ranges(RecordReader reader, long rangeBytes) {
    List<FileRange> ranges = new ArrayList<>();
    FileRange open = FileRange.WHOLE;
    long frames = 0;
    while (true) {
      long offset = reader.nextOffset();
      if (offset - open.startBytes() >= rangeBytes) {
        ranges.add(
            new FileRange(
                open.startBytes(), offset, open.firstFrame(), open.sectionBlockOffsets()));
        open = new FileRange(offset, Long.MAX_VALUE, frames, reader.sectionBlockOffsets());
      }
      try {
        if (reader.next(System.nanoTime() + NO_DEADLINE_NANOS) != Outcome.RECORD) {
          break;
        }
      } catch (IOException e) {
        break;
      }
      frames++;
    }
    ranges.add(open);
    return ranges;
  }
}
