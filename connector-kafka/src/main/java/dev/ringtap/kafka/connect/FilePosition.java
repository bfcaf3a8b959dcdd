package dev.ringtap.kafka.connect;

import dev.ringtap.file.FileRange;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * How far a capture file was read: what Connect stores as the offset of a record. Frames are
 * counted by number, filtered ones too, so that another filter goes on at the same place; the byte
 * position, at or before that frame, saves reading from the start. Immutable.
 *
 * @param range where to open the file, at or before the frame
 * @param frame number of the next frame in the file, from 0
 * @param sequence {@code sequence} of the next record
 */
record FilePosition(FileRange range, long frame, long sequence) {
  /** Key of a source partition: the file's path as configured. */
  static final String FILE = "file";

  static final String FRAME = "frame";
  static final String SEQUENCE = "sequence";
  static final String START_BYTES = "start.bytes";
  static final String START_FRAME = "start.frame";
  static final String START_PRELUDES = "start.preludes";

  /** The beginning. */
  static final FilePosition START = new FilePosition(FileRange.WHOLE, 0, 0);

  private static final Set<String> KEYS =
      Set.of(FRAME, SEQUENCE, START_BYTES, START_FRAME, START_PRELUDES);

  /** As a source offset: of primitive values, as Connect wants them. */
  Map<String, ?> toOffset() {
    return Map.of(
        FRAME,
        frame,
        SEQUENCE,
        sequence,
        START_BYTES,
        range.startBytes(),
        START_FRAME,
        range.firstFrame(),
        START_PRELUDES,
        preludes());
  }

  private String preludes() {
    List<Long> offsets = range.preludes();
    return offsets.isEmpty()
        ? ""
        : offsets.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  /**
   * Reads a source offset. One that somebody wrote by hand needs {@code frame} alone.
   *
   * @param offset null is the beginning
   * @throws ConnectException if it is none of ours; the message names the key
   */
  static FilePosition of(Map<String, ?> offset) {
    if (offset == null) {
      return START;
    }
    Map<String, Object> unknown = new LinkedHashMap<>(offset);
    unknown.keySet().removeAll(KEYS);
    if (!unknown.isEmpty()) {
      throw new ConnectException(
          "offset key "
              + unknown.keySet().iterator().next()
              + " is not one of "
              + KEYS.stream().sorted().toList()
              + "; to begin at a frame, {\"frame\": NUMBER} is enough");
    }
    if (!offset.containsKey(FRAME)) {
      throw new ConnectException(
          "the offset has no 'frame', the number from 0 of the next frame to read");
    }
    long frame = number(offset, FRAME, 0);
    long startFrame = number(offset, START_FRAME, 0);
    long startBytes = number(offset, START_BYTES, 0);
    if (startFrame > frame || startBytes == 0 && startFrame > 0) {
      throw new ConnectException(
          "offset start.frame is "
              + startFrame
              + " at byte "
              + startBytes
              + "; it must not be behind frame "
              + frame
              + ", nor without its start.bytes");
    }
    FileRange range =
        startBytes == 0
            ? FileRange.WHOLE
            : new FileRange(startBytes, Long.MAX_VALUE, startFrame, preludes(offset));
    return new FilePosition(range, frame, number(offset, SEQUENCE, frame));
  }

  private static long number(Map<String, ?> offset, String key, long otherwise) {
    Object value = offset.get(key);
    if (value == null) {
      return otherwise;
    }
    boolean whole = value instanceof Long || value instanceof Integer;
    if (!whole || ((Number) value).longValue() < 0) {
      throw new ConnectException(
          "offset " + key + " is '" + value + "'; expected a whole number from 0");
    }
    return ((Number) value).longValue();
  }

  private static List<Long> preludes(Map<String, ?> offset) {
    Object text = offset.get(START_PRELUDES);
    if (text == null || text.toString().isBlank()) {
      return List.of();
    }
    try {
      return Arrays.stream(text.toString().strip().split(" ")).map(Long::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new ConnectException(
          "offset start.preludes is '" + text + "'; expected byte offsets between blanks", e);
    }
  }
}
