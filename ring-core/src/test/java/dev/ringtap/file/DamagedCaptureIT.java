package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files of every kind and damaged ones, read by tcpdump and by us: the same frames up to a fault,
 * and a fault where tcpdump has one, except the {@link Difference}s that are meant.
 *
 * <p>The files are made up. With {@code -Dringtap.captures=DIRECTORY} those in it are read too, and
 * damaged ones of each.
 */
@Timeout(600)
class DamagedCaptureIT {
  private static final long SEED = 20;
  private static final int DAMAGED_FILES = 500;
  private static final int DAMAGED_OF_EACH = 8;
  private static final Pattern OFFSET = Pattern.compile(", byte (\\d+): .+");

  /** Where we read on, or do not, and tcpdump does otherwise. */
  private enum Difference {
    /** A pcapng file may have interfaces of several link types; tcpdump has one for a file. */
    LINK_TYPES("an interface has a type \\d+ different from the type of the first interface", null),
    /** The same for their snap lengths. */
    SNAP_LENGTHS("an interface has a snapshot length \\d+ different .*", null),
    /** A pcapng file without interfaces is an empty one. */
    NO_INTERFACE("the capture file has no Interface Description Blocks", null),
    /** tcpdump compiles a filter even if it is given none, and not for every link type. */
    UNKNOWN_LINK_TYPE("unknown data link type \\d+.*", null),
    /**
     * tcpdump has a limit for blocks that we skip unread. It also reads the length of a section in
     * the other byte order as one beyond it: all sections of a file must have one order there.
     */
    LARGE_BLOCK("pcapng block size \\d+ > maximum \\d+", null),
    /** The time does not fit the 32 bits of seconds that a frame of the ring has. */
    TIME(null, "time stamp of -?\\d+ s since 1970; expected one from 1970 to 2106"),
    /** A drop count makes more losses than 63 bits can count. */
    LOSSES(null, "more than 2\\^63 frames, lost ones included");

    final Pattern tcpdumps;
    final Pattern ours;

    Difference(String tcpdumps, String ours) {
      this.tcpdumps = tcpdumps == null ? null : Pattern.compile(".*" + tcpdumps);
      this.ours = ours == null ? null : Pattern.compile(".*" + ours);
    }

    /** Whether one of two readings of a file ended for this reason and the other went on. */
    boolean isBetween(Seen.Run we, TcpdumpReading they) {
      int ahead = we.frames().size() - they.frames().size();
      return tcpdumps != null
          ? they.fault() != null && tcpdumps.matcher(they.fault()).matches() && ahead >= 0
          : we.fault() != null
              && ours.matcher(we.fault().getMessage()).matches()
              && (ahead < 0 || they.fault() == null);
    }
  }

  @TempDir Path directory;

  private final Map<String, Integer> outcomes = new TreeMap<>();
  private final Map<Difference, Integer> differences = new EnumMap<>(Difference.class);
  private final List<String> wrong = new ArrayList<>();
  private long frames;

  @BeforeEach
  void requireTcpdump() {
    Requirements.programs("tcpdump");
  }

  private void compare(String what, byte[] bytes) throws Exception {
    Path file = Files.write(directory.resolve("file"), bytes);
    TcpdumpReading they = TcpdumpReading.of(file, directory);
    Seen.Run we = Seen.run(bytes);
    int both = Math.min(we.frames().size(), they.frames().size());
    frames += both;
    String unequal = null;
    for (int i = 0; i < both && unequal == null; i++) {
      unequal = difference(we.frames().get(i), they.frames().get(i));
    }
    Difference meant = null;
    boolean agree =
        we.frames().size() == they.frames().size()
            && (we.fault() == null) == (they.fault() == null);
    for (Difference each : Difference.values()) {
      meant = !agree && meant == null && each.isBetween(we, they) ? each : meant;
    }
    if (meant != null) {
      differences.merge(meant, 1, Integer::sum);
    }
    outcomes.merge(they.fault() == null ? "read" : "rejected", 1, Integer::sum);
    String fault = we.fault() == null ? null : we.fault().getMessage();
    if (unequal != null || !agree && meant == null || !isClear(fault, bytes.length)) {
      wrong.add(
          String.format(
              "%s: %s; we %d frames, then %s; tcpdump %d frames, then %s",
              what, unequal, we.frames().size(), fault, they.frames().size(), they.fault()));
      if (wrong.size() <= 20) {
        Path kept = Path.of("target", "damaged", wrong.size() + ".pcap");
        Files.createDirectories(kept.getParent());
        Files.write(kept, bytes);
      }
    }
  }

  /** A fault names its place in the file. */
  private static boolean isClear(String fault, int fileBytes) {
    if (fault == null) {
      return true;
    }
    Matcher offset = OFFSET.matcher(fault);
    return offset.find() && Long.parseLong(offset.group(1)) <= fileBytes;
  }

  private static String difference(Seen ours, TcpdumpReading.Frame theirs) {
    if (ours.linkType() != theirs.linkType()) {
      return "link type " + ours.linkType() + ", tcpdump " + theirs.linkType();
    }
    long length = Integer.toUnsignedLong(theirs.originalLength());
    if (ours.originalLength() != Math.min(length, Integer.MAX_VALUE)) {
      return "original length " + ours.originalLength() + ", tcpdump " + length;
    }
    if (!ours.payload().equals(theirs.payload())) {
      return "payload " + ours.payload() + ", tcpdump " + theirs.payload();
    }
    long nanos = Integer.toUnsignedLong(theirs.seconds()) * 1_000_000_000L + theirs.fractionNanos();
    // a fraction beyond its second is carried by us; tcpdump lets it turn over at 32 bits
    long carried = ours.timestampNanos() / 1_000_000_000 - Integer.toUnsignedLong(theirs.seconds());
    if (ours.timestampNanos() != nanos && (carried < 1 || carried > 4294)) {
      return "time " + ours.timestampNanos() + ", tcpdump " + nanos;
    }
    return null;
  }

  private void report(String what) {
    System.out.printf(
        "%s, by tcpdump %s: %d frames equal, %d differences, meant ones %s%n",
        what, outcomes, frames, wrong.size(), differences);
  }

  @Test
  void madeUpFilesAreReadAsTcpdumpReadsThem() throws Exception {
    for (Map.Entry<String, byte[]> each : MadeUpCaptures.of(SEED).entrySet()) {
      compare(each.getKey(), each.getValue());
    }
    for (Path file : fromElsewhere()) {
      compare(file.toString(), Files.readAllBytes(file));
    }
    report("whole files");
    assertThat(wrong).isEmpty();
    assertThat(outcomes.get("read")).isGreaterThan(500);
    assertThat(outcomes.get("rejected")).isGreaterThan(40);
  }

  @Test
  void damagedFilesAreReadUpToTheirFaultAsTcpdumpReadsThem() throws Exception {
    Random random = new Random(SEED);
    List<Map.Entry<String, byte[]>> files = new ArrayList<>(MadeUpCaptures.of(SEED + 1).entrySet());
    for (int i = 0; i < DAMAGED_FILES; i++) {
      Map.Entry<String, byte[]> each = files.get(random.nextInt(files.size()));
      compare(i + ". " + each.getKey(), MadeUpCaptures.damaged(each.getValue(), random));
    }
    for (Path file : fromElsewhere()) {
      byte[] bytes = Files.readAllBytes(file);
      for (int i = 0; i < DAMAGED_OF_EACH && bytes.length > 0; i++) {
        compare(i + ". " + file, MadeUpCaptures.damaged(bytes, random));
      }
    }
    report("damaged files");
    assertThat(wrong).isEmpty();
    assertThat(outcomes.get("read")).isGreaterThan(DAMAGED_FILES / 4);
    assertThat(outcomes.get("rejected")).isGreaterThan(DAMAGED_FILES / 4);
  }

  private static List<Path> fromElsewhere() throws IOException {
    String captures = System.getProperty("ringtap.captures", "");
    if (captures.isEmpty()) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(Path.of(captures))) {
      return all.filter(file -> file.toString().matches(".*\\.(pcap|pcapng|cap)"))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    }
  }
}
