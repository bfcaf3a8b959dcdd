package dev.ringtap.kafka.connect;

import dev.ringtap.file.FileFingerprint;
import dev.ringtap.file.FileRange;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.connect.errors.ConnectException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far a capture file was read: what Connect stores as the offset of a record. Frames are
 * counted by number, filtered ones too, so that another filter goes on at the same place; the byte
 * position, at or before that frame, saves reading from the start. The fingerprint tells the file
 * from a later one of the same name. Immutable.
 *
 * @param range where to open the file, at or before the frame
 * @param frame number of the next frame in the file, from 0
 * @param sequence {@code sequence} of the next record
 * @param fingerprint of the file; null in an offset that was written by hand, which is for any file
 */
record FilePosition(
    FileRange range, long frame, long sequence, @Nullable FileFingerprint fingerprint) {
  private static final Logger LOG = LoggerFactory.getLogger(FilePosition.class);

  /** Key of a source partition: the file's path as configured. */
  static final String FILE = "file";

  static final String FRAME = "frame";
  static final String SEQUENCE = "sequence";
  static final String START_BYTES = "start.bytes";
  static final String START_FRAME = "start.frame";
  static final String START_SECTIONS = "start.section.offsets";
  static final String FINGERPRINT = "fingerprint";

  /** The beginning. */
  static final FilePosition START = new FilePosition(FileRange.WHOLE, 0, 0, null);

  private static final Set<String> KEYS =
      Set.of(FRAME, SEQUENCE, START_BYTES, START_FRAME, START_SECTIONS, FINGERPRINT);

  /** As a source offset: of primitive values, as Connect wants them. */
  Map<String, ?> toOffset() {
    Map<String, Object> offset = new HashMap<>();
    offset.put(FRAME, frame);
    offset.put(SEQUENCE, sequence);
    offset.put(START_BYTES, range.startBytes());
    offset.put(START_FRAME, range.firstFrame());
    offset.put(START_SECTIONS, sectionBlockOffsets());
    if (fingerprint != null) {
      offset.put(FINGERPRINT, fingerprint.toString());
    }
    return offset;
  }

  private String sectionBlockOffsets() {
    List<Long> offsets = range.sectionBlockOffsets();
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
  static FilePosition of(@Nullable Map<String, ?> offset) {
    if (offset == null) {
      return START;
    }
    Map<String, Object> unknown = new LinkedHashMap<>(offset);
    unknown.keySet().removeAll(KEYS);
    if (!unknown.isEmpty()) {
      throw new ConnectException(
          "offset key %s is not one of %s; to begin at a frame, {\"frame\": NUMBER} is enough"
              .formatted(unknown.keySet().iterator().next(), KEYS.stream().sorted().toList()));
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
          ("offset start.frame is %s at byte %s; it must not be after frame %s, nor without"
                  + " its start.bytes")
              .formatted(startFrame, startBytes, frame));
    }
    FileRange range =
        startBytes == 0
            ? FileRange.WHOLE
            : new FileRange(startBytes, Long.MAX_VALUE, startFrame, sectionBlockOffsets(offset));
    return new FilePosition(range, frame, number(offset, SEQUENCE, frame), fingerprint(offset));
  }

  private static @Nullable FileFingerprint fingerprint(Map<String, ?> offset) {
    Object text = offset.get(FINGERPRINT);
    try {
      return text == null ? null : FileFingerprint.parse(text.toString());
    } catch (IllegalArgumentException e) {
      throw new ConnectException(
          "offset fingerprint is '" + text + "'; expected what the connector wrote, or none", e);
    }
  }

  /**
   * The position in the file that has the name now: the beginning, if it is another one.
   *
   * @throws IOException if the file cannot be read
   */
  FilePosition in(Path file) throws IOException {
    FileFingerprint now = FileFingerprint.of(file);
    if (fingerprint != null && !fingerprint.matches(file)) {
      LOG.warn(
          "{} is not the file of which {} frames were read before; reading it from its beginning",
          file,
          frame);
      return new FilePosition(FileRange.WHOLE, 0, 0, now);
    }
    return new FilePosition(range, frame, sequence, now);
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

  private static List<Long> sectionBlockOffsets(Map<String, ?> offset) {
    Object text = offset.get(START_SECTIONS);
    if (text == null || text.toString().isBlank()) {
      return List.of();
    }
    try {
      return Arrays.stream(text.toString().strip().split(" ")).map(Long::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new ConnectException(
          "offset start.section.offsets is '" + text + "'; expected byte offsets between blanks",
          e);
    }
  }
}
