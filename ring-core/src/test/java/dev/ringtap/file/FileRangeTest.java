package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FrameFilter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are read in stretches, from several places, or while they grow. */
@Timeout(20)
class FileRangeTest {
  @TempDir Path directory;

  /** A frame as the file numbers it. */
  private record Numbered(long sequence, Seen frame) {}

  private static byte[] pcap(int frames, ByteOrder order) {
    CaptureBytes file = new CaptureBytes(order);
    file.pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, 65535, 1);
    for (int i = 0; i < frames; i++) {
      byte[] payload = new byte[14 + i % 300];
      Arrays.fill(payload, (byte) (2 * i));
      file.pcapRecord(i, i, payload.length, payload.length, payload);
    }
    return file.toBytes();
  }

  /** Sections in both byte orders, with interfaces that come late, losses and foreign blocks. */
  private static byte[] pcapng(int frames) {
    Random random = new Random(7);
    CaptureBytes file = new CaptureBytes(ByteOrder.LITTLE_ENDIAN);
    int interfaces = 0;
    for (int i = 0; i < frames; i++) {
      if (i % 150 == 0) {
        file.order(i % 300 == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN).section();
        interfaces = 0;
      }
      if (interfaces == 0 || random.nextInt(100) == 0) {
        file.begin(1).u16(1).u16(0).u32(0).option(2, "if" + i).u32(0).end();
        interfaces++;
      }
      if (random.nextInt(50) == 0) {
        file.begin(77).u32(i).end();
      }
      file.beginPacket(random.nextInt(interfaces), i, new byte[random.nextInt(200)], 300);
      if (random.nextInt(20) == 0) {
        file.u16(4).u16(8).u64(random.nextInt(9)).u32(0);
      }
      file.end();
    }
    return file.toBytes();
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("trace.pcap"), bytes);
  }

  private static List<Numbered> all(Path path, FileRange range) throws IOException {
    List<Numbered> frames = new ArrayList<>();
    try (CaptureFile file = CaptureFile.open(path, range, false)) {
      while (!file.isEnded()) {
        try (Block block = file.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            frames.add(new Numbered(f.sequence(), Seen.of(f)));
          }
        }
      }
    }
    return frames;
  }

  private void rangesHoldEachFrameOnce(byte[] bytes, int frames, long rangeBytes)
      throws IOException {
    Path path = write(bytes);
    List<Numbered> expected = all(path, FileRange.WHOLE);
    assertThat(expected).hasSize(frames);
    List<Numbered> found = new ArrayList<>();
    List<FileRange> ranges = CaptureFileIndex.ranges(path, rangeBytes);
    assertThat(ranges).hasSizeGreaterThan(1);
    for (FileRange range : ranges) {
      found.addAll(all(path, range));
    }
    assertThat(found).isEqualTo(expected);
    for (int i = 0; i < frames; i++) {
      assertThat(found.get(i).sequence()).isEqualTo(i);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 25, 1000, 40_000})
  void rangesOfPcapHoldEachFrameOnce(long rangeBytes) throws IOException {
    rangesHoldEachFrameOnce(pcap(400, ByteOrder.LITTLE_ENDIAN), 400, rangeBytes);
    rangesHoldEachFrameOnce(pcap(400, ByteOrder.BIG_ENDIAN), 400, rangeBytes);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 100, 3000, 40_000})
  void rangesOfPcapngHoldEachFrameOnce(long rangeBytes) throws IOException {
    rangesHoldEachFrameOnce(pcapng(700), 700, rangeBytes);
  }

  @Test
  void theRestGoesOnBehindTheBlocksTaken() throws IOException {
    for (byte[] bytes : List.of(pcap(20_000, ByteOrder.LITTLE_ENDIAN), pcapng(300))) {
      Path path = write(bytes);
      List<Numbered> expected = all(path, FileRange.WHOLE);
      FileRange rest = FileRange.WHOLE;
      int from = 0;
      do {
        List<Numbered> frames = all(path, rest);
        assertThat(frames).isEqualTo(expected.subList(from, expected.size()));
        try (CaptureFile file = CaptureFile.open(path, rest, false)) {
          try (Block block = file.poll(100)) {
            from += block == null ? 0 : block.frameCount();
          }
          rest = file.rest();
        }
        assertThat(rest.firstFrame()).isEqualTo(from);
      } while (from < expected.size());
      assertThat(all(path, rest)).isEmpty();
    }
  }

  @Test
  void aPackedFileIsOneRangeAndIsNotReadFromTheMiddle() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(pcap(5000, ByteOrder.LITTLE_ENDIAN));
    }
    Path path = write(packed.toByteArray());
    assertThat(CaptureFileIndex.ranges(path, 100)).containsExactly(FileRange.WHOLE);
    assertThat(all(path, FileRange.WHOLE)).hasSize(5000);
    FileRange middle = new FileRange(1000, Long.MAX_VALUE, 5, List.of());
    assertThatThrownBy(() -> CaptureFile.open(path, middle, false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("neither packed nor a pipe");
  }

  private static long estimate(byte[] file) throws IOException {
    return CaptureFileIndex.estimateFrames(new ByteArrayInputStream(file), "a", file.length);
  }

  @Test
  void framesAreEstimatedFromTheStart() throws IOException {
    byte[] file = pcap(20_000, ByteOrder.LITTLE_ENDIAN);
    assertThat(estimate(file)).isBetween(17_000L, 23_000L);
    assertThat(estimate(pcapng(300))).isBetween(290L, 310L);
    assertThat(estimate(pcap(0, ByteOrder.LITTLE_ENDIAN))).isZero();
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(file);
    }
    assertThat(estimate(packed.toByteArray())).isNegative();
    assertThatThrownBy(() -> estimate(new byte[100])).isInstanceOf(CaptureFileException.class);
  }

  @Test
  void theLastRangeMeetsTheFaultOfATruncatedFile() throws IOException {
    byte[] whole = pcap(400, ByteOrder.LITTLE_ENDIAN);
    Path path = write(Arrays.copyOf(whole, whole.length - 3));
    List<FileRange> ranges = CaptureFileIndex.ranges(path, 10_000);
    for (FileRange range : ranges.subList(0, ranges.size() - 1)) {
      all(path, range);
    }
    assertThatThrownBy(() -> all(path, ranges.get(ranges.size() - 1)))
        .isInstanceOf(CaptureFileException.class)
        .hasMessageContaining("truncated");
  }

  @Test
  void aSectionBlockThatIsNoneIsRefused() throws IOException {
    Path path = write(pcapng(200));
    List<FileRange> ranges = CaptureFileIndex.ranges(path, 3000);
    FileRange last = ranges.get(ranges.size() - 1);
    long packet = last.startBytes();
    FileRange wrong = new FileRange(packet, Long.MAX_VALUE, 1, List.of(packet));
    assertThatThrownBy(() -> CaptureFile.open(path, wrong, false))
        .isInstanceOf(CaptureFileException.class);
  }

  @Test
  void aFilteredFileHasNoRest() throws IOException {
    Path path = write(pcap(10, ByteOrder.LITTLE_ENDIAN));
    FrameFilter none = FrameFilter.of(BpfProgram.REJECT);
    try (CaptureFile file = CaptureFile.open(path, none)) {
      assertThatThrownBy(file::rest).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aFileThatGrowsIsFollowedAlsoWithinARecord() throws IOException {
    byte[] whole = pcap(100, ByteOrder.LITTLE_ENDIAN);
    Path path = write(new byte[0]);
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              for (int at = 0; at < whole.length; at += 333) {
                byte[] more = Arrays.copyOfRange(whole, at, Math.min(whole.length, at + 333));
                try {
                  Files.write(path, more, StandardOpenOption.APPEND);
                  Thread.sleep(2);
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    List<Long> sequences = new ArrayList<>();
    try (CaptureFile file = CaptureFile.open(path, FileRange.WHOLE, true)) {
      while (sequences.size() < 100) {
        try (Block block = file.poll(1000)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            sequences.add(f.sequence());
          }
        }
      }
      assertThat(file.isEnded()).isFalse();
      assertThat(file.poll(20)).isNull();
      wakes(file);
    }
    writer.join();
    assertThat(sequences.get(99)).isEqualTo(99);
  }

  /** A take that would wait for a minute ends at once. */
  private static void wakes(CaptureFile file) {
    long start = System.nanoTime();
    CompletableFuture<Void> later =
        CompletableFuture.runAsync(
            file::wake, CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS));
    try {
      assertThat(file.poll(60_000)).isNull();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    later.join();
    assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
  }

  @Test
  void aTakeThatWaitsForABlockIsWoken() throws IOException {
    CaptureBytes bytes = new CaptureBytes(ByteOrder.LITTLE_ENDIAN).section();
    for (int i = 0; i < 20; i++) {
      bytes.begin(1).u16(1).u16(0).u32(0).option(2, "if" + i).u32(0).end();
      bytes.packet(i, i, new byte[60]);
    }
    List<Block> out = new ArrayList<>();
    try (CaptureFile file = CaptureFile.open(write(bytes.toBytes()))) {
      for (Block block = file.poll(100); block != null; block = file.poll(10)) {
        out.add(block);
      }
      assertThat(out).hasSize(CaptureFile.MOST_BLOCKS);
      wakes(file);
      out.forEach(Block::close);
      assertThat(file.poll(100)).isNotNull();
    }
  }
}
