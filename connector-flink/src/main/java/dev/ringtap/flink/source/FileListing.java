package dev.ringtap.flink.source;

import dev.ringtap.file.CaptureFileIndex;
import dev.ringtap.file.FileFingerprint;
import dev.ringtap.file.FileRange;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which files a source reads, and how they are cut into splits. Immutable and serializable.
 *
 * @param paths files, and directories whose files are meant
 * @param rangeBytes least size of a split except a file's last
 * @param follow whether the files may grow; each is one split then
 * @param discoveryMillis how often the directories are listed, 0 for once
 */
record FileListing(ArrayList<String> paths, long rangeBytes, boolean follow, long discoveryMillis)
    implements Serializable {
  private static final long serialVersionUID = 1;

  /**
   * A file that was cut.
   *
   * @param fingerprint by which it is known from now on
   */
  record Cut(List<FileSplit> splits, FileFingerprint fingerprint) {}

  /**
   * What a listing found.
   *
   * @param present paths of all files
   * @param cuts files that were not known, by path
   */
  record Found(List<String> present, Map<String, Cut> cuts) {}

  /** The same files, each one split. */
  FileListing uncut() {
    return new FileListing(paths, Long.MAX_VALUE, follow, discoveryMillis);
  }

  boolean discovers() {
    return discoveryMillis > 0;
  }

  /**
   * Cuts the files that are not known, or that took the name of a known one.
   *
   * @param known marks of the known files by path
   * @throws IOException if a file cannot be read, or is no capture file
   */
  Found list(Map<String, FileFingerprint> known) throws IOException {
    List<String> present = new ArrayList<>();
    Map<String, Cut> cuts = new LinkedHashMap<>();
    for (String path : paths) {
      for (Path file : files(Path.of(path))) {
        present.add(file.toString());
        try {
          FileFingerprint before = known.get(file.toString());
          if (before == null ? isComplete(file) : isReplaced(file, before)) {
            cuts.put(file.toString(), new Cut(cut(file), FileFingerprint.of(file)));
          }
        } catch (NoSuchFileException e) {
          if (!discovers()) {
            throw e;
          }
          // removed since the directory was listed
        }
      }
    }
    return new Found(present, cuts);
  }

  /** About how many splits {@link #list} cuts, by the lengths of the files alone. */
  int estimateSplits() throws IOException {
    long splits = 0;
    for (String path : paths) {
      for (Path file : files(Path.of(path))) {
        splits += follow ? 1 : 1 + Math.max(0, Files.size(file) - 1) / rangeBytes;
      }
    }
    return (int) Math.min(splits, Integer.MAX_VALUE);
  }

  /**
   * About how many frames the files have, by their lengths and first frames.
   *
   * @return a negative number if one of them is packed
   */
  static long estimateFrames(List<Path> paths) throws IOException {
    long frames = 0;
    for (Path path : paths) {
      for (Path file : files(path)) {
        long ofFile =
            CaptureFileIndex.estimateFrames(
                Files.newInputStream(file), file.toString(), Files.size(file));
        if (ofFile < 0) {
          return ofFile;
        }
        frames += ofFile;
      }
    }
    return frames;
  }

  static String unreadable(Throwable failure) {
    return "the capture files cannot be read where the JobManager runs: " + failure.getMessage();
  }

  private List<FileSplit> cut(Path file) throws IOException {
    List<FileRange> ranges =
        follow ? List.of(FileRange.WHOLE) : CaptureFileIndex.ranges(file, rangeBytes);
    return ranges.stream().map(range -> FileSplit.of(file.toString(), range)).toList();
  }

  /** A file that another process may still write to waits for a later listing. */
  private boolean isComplete(Path file) throws IOException {
    if (!discovers()) {
      return true;
    }
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    long unchangedMillis = System.currentTimeMillis() - attributes.lastModifiedTime().toMillis();
    return attributes.size() > 0 && (follow || unchangedMillis >= discoveryMillis);
  }

  private boolean isReplaced(Path file, FileFingerprint before) throws IOException {
    return discovers() && !before.matches(file) && isComplete(file);
  }

  /** The file, or the files of the directory. */
  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
