package dev.ringtap.file;

import java.util.List;

/**
 * A stretch of a capture file, for readers that share a file or go on in the middle of it. The
 * formats have no marks to find a record by, so a range is made by whoever has read the file up to
 * its start: {@link CaptureFileIndex} or {@link CaptureFile#rest()}. Immutable.
 *
 * @param startBytes offset of a record, or of what stands before it; 0 is the whole file's
 * @param endBytes records that begin here or after do not belong to it; {@link Long#MAX_VALUE} is
 *     the end of the file
 * @param firstFrame frames in the file before the start
 * @param sectionBlockOffsets offsets of the pcapng blocks that describe the section and its
 *     interfaces at the start
 */
public record FileRange(
    long startBytes, long endBytes, long firstFrame, List<Long> sectionBlockOffsets) {
  /** All of a file. */
  public static final FileRange WHOLE = new FileRange(0, Long.MAX_VALUE, 0, List.of());

  /** Checks and copies. */
  public FileRange {
    if (startBytes < 0 || endBytes < startBytes || firstFrame < 0) {
      throw new IllegalArgumentException(
          ("range from byte %s to %s at frame %s; expected an end after the start, and"
                  + " nothing below 0")
              .formatted(startBytes, endBytes, firstFrame));
    }
    sectionBlockOffsets = List.copyOf(sectionBlockOffsets);
  }

  /** Whether it is all of the file, so that also a packed one can be read. */
  public boolean isWhole() {
    return startBytes == 0 && endBytes == Long.MAX_VALUE;
  }
}
