package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureStatistics;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.Payloads;
import dev.ringtap.filter.BpfProgram;
import dev.ringtap.filter.FrameFilter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class CaptureFileTest {

  @TempDir Path directory;

  private static byte[] pcap(int frames) {
    CaptureBytes file = new CaptureBytes(ByteOrder.LITTLE_ENDIAN);
    file.pcapHeader(PcapReader.MICROSECOND_MAGIC, 2, 4, 65535, 1);
    for (int i = 0; i < frames; i++) {
      byte[] payload = new byte[14 + i % 100];
      Arrays.fill(payload, (byte) (2 * i));
      file.pcapRecord(i, i, payload.length, payload.length, payload);
    }
    return file.toBytes();
  }

  private static byte[] pcapng(ByteOrder order) {
    CaptureBytes file = new CaptureBytes(order).section().interfaceBlock(1, 65535);
    file.begin(1).u16(101).u16(0).u32(0).option(2, "tun0").u32(0).end();
    file.packet(0, 1, new byte[60]).begin(77).u32(5).end();
    file.beginPacket(1, 2, new byte[21], 40).u16(4).u16(8).u64(9).u32(0).end();
    file.begin(3).u32(9).bytes(new byte[9]).end().packet(1, 2, new byte[0]);
    return file.toBytes();
  }

  private static byte[] gzip(byte[]... members) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] member : members) {
      try (OutputStream out = new GZIPOutputStream(all)) {
        out.write(member);
      }
    }
    return all.toByteArray();
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("trace.pcap"), bytes);
  }

  @Test
  void countsSequenceAndLedgerThroughTheFile() throws Exception {
    List<Seen> frames = Seen.all(write(pcap(20_000)));
    assertThat(frames).hasSize(20_000);
    assertThat(frames.get(19_999).timestampNanos()).isEqualTo(19_999_019_999_000L);
    assertThat(frames.get(0).interfaceName()).isEqualTo("trace.pcap");
  }

  @Test
  void keepsSeveralBlocksOutAndWaitsForOneOfThem() throws Exception {
    CaptureBytes bytes = new CaptureBytes(ByteOrder.LITTLE_ENDIAN).section();
    for (int i = 0; i < 12; i++) {
      bytes.interfaceBlock(1 + i, 0).packet(i, i, new byte[] {(byte) i});
    }
    try (CaptureFile file = CaptureFile.open(write(bytes.toBytes()))) {
      List<Block> blocks = new ArrayList<>();
      for (int i = 0; i < CaptureFile.MOST_BLOCKS; i++) {
        blocks.add(file.poll(0));
      }
      assertThat(file.poll(5)).isNull();
      assertThat(file.isEnded()).isFalse();
      for (int i = 0; i < blocks.size(); i++) {
        assertThat(Seen.of(blocks.get(i).next()).payload()).isEqualTo("0" + i);
      }
      blocks.get(3).close();
      try (Block next = file.poll(0)) {
        assertThat(next.firstSequence()).isEqualTo(8);
        assertThat(next.linkType()).isEqualTo(9);
      }
    }
  }

  @Test
  void closeMakesBlocksUnreadable() throws Exception {
    CaptureFile file = CaptureFile.open(write(pcap(10)));
    Block block = file.poll(0);
    Frame frame = block.next();
    file.close();
    assertThatThrownBy(frame::payload).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(block::next).isInstanceOf(IllegalStateException.class);
    block.close();
    file.close();
    assertThat(file.poll(0)).isNull();
    assertThat(file.isEnded()).isTrue();
  }

  @Test
  void unpacksGzipAndItsFurtherMembers() throws Exception {
    byte[] plain = pcap(300);
    byte[] packed = gzip(Arrays.copyOf(plain, 1000), Arrays.copyOfRange(plain, 1000, plain.length));
    assertThat(Seen.all(write(packed))).isEqualTo(Seen.all(write(plain))).hasSize(300);
    Path cut = write(Arrays.copyOf(packed, packed.length - 40));
    assertThatThrownBy(() -> Seen.all(cut))
        .isInstanceOf(CaptureFileException.class)
        .hasMessageContaining("trace.pcap, byte ")
        .hasMessageContaining("cannot read on: gzip, compressed byte ");
  }

  @Test
  void unpacksZstandardAndItsFurtherFrames() throws Exception {
    byte[] plain = pcap(300);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    packed.writeBytes(Zstd.compress(Arrays.copyOf(plain, 1000)));
    packed.writeBytes(Zstd.compress(Arrays.copyOfRange(plain, 1000, plain.length)));
    assertThat(Seen.all(write(packed.toByteArray())))
        .isEqualTo(Seen.all(write(plain)))
        .hasSize(300);
    Path cut = write(Arrays.copyOf(packed.toByteArray(), packed.size() - 40));
    assertThatThrownBy(() -> Seen.all(cut))
        .isInstanceOf(CaptureFileException.class)
        .hasMessageContaining("trace.pcap, byte ");
  }

  @Test
  void tellsWhatCannotBeOpened() throws Exception {
    assertThatThrownBy(() -> CaptureFile.open(directory.resolve("none.pcap")))
        .hasMessageContaining("none.pcap: no such file");
    assertThatThrownBy(() -> CaptureFile.open(directory))
        .hasMessageContaining("cannot read on: Is a directory");
    Path empty = write(new byte[0]);
    assertThatThrownBy(() -> CaptureFile.open(empty))
        .hasMessage(
            "trace.pcap, byte 0: truncated dump file: magic number of 4 bytes expected,"
                + " the file ends after 0");
  }

  @Test
  void deliversWhatAPipeHasAndWaitsOnlyAsLongAsTold() throws Exception {
    byte[] bytes = pcap(3);
    Path fifo = directory.resolve("fifo");
    Process mkfifo = new ProcessBuilder("mkfifo", fifo.toString()).start();
    assertThat(mkfifo.waitFor()).isZero();
    Thread reader;
    try (CaptureFile file = openBoth(fifo, bytes)) {
      try (Block block = file.poll(5000)) {
        assertThat(block.frameCount()).isEqualTo(2);
      }
      long start = System.nanoTime();
      assertThat(file.poll(20)).isNull();
      assertThat(System.nanoTime() - start).isBetween(20_000_000L, 5_000_000_000L);
      assertThat(file.isEnded()).isFalse();
      writer.write(bytes, bytes.length - 20, 20);
      try (Block block = file.poll(5000)) {
        assertThat(block.frameCount()).isEqualTo(1);
        assertThat(block.firstSequence()).isEqualTo(2);
      }
      reader = new Thread(() -> assertThatNothingComes(file));
      reader.start();
      TimeUnit.MILLISECONDS.sleep(20);
    }
    reader.join(5000);
    assertThat(reader.isAlive()).isFalse();
    writer.close();
  }

  private OutputStream writer;

  /** Opens a named pipe from both sides and writes all but the last 20 bytes. */
  private CaptureFile openBoth(Path fifo, byte[] bytes) throws Exception {
    Thread opening =
        new Thread(
            () -> {
              try {
                writer = Files.newOutputStream(fifo);
                writer.write(bytes, 0, bytes.length - 20);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    opening.start();
    CaptureFile file = CaptureFile.open(fifo);
    opening.join();
    return file;
  }

  private static void assertThatNothingComes(CaptureFile file) {
    try {
      assertThat(file.poll(60_000)).isNull();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readsAPipeToItsEnd() throws Exception {
    Path fifo = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    byte[] bytes = gzip(pcap(5000));
    Thread writing =
        new Thread(
            () -> {
              try {
                Files.write(fifo, bytes);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    writing.start();
    assertThat(Seen.all(fifo)).hasSize(5000);
    writing.join();
  }

  @Test
  void stopEndsTheReplay() throws Exception {
    try (CaptureFile file = CaptureFile.open(write(pcapng(ByteOrder.BIG_ENDIAN)))) {
      file.poll(0).close();
      file.stop();
      assertThat(file.isEnded()).isTrue();
      assertThat(file.poll(0)).isNull();
      assertThat(file.statistics().offered()).isEqualTo(1);
    }
  }

  @Test
  void endsCleanlyOrTellsTheFaultWhereverAFileIsCut() throws Exception {
    List<byte[]> files =
        List.of(pcap(4), pcapng(ByteOrder.LITTLE_ENDIAN), pcapng(ByteOrder.BIG_ENDIAN));
    for (byte[] whole : files) {
      List<Seen> frames = Seen.all(whole);
      assertThat(frames).hasSize(4);
      int clean = 0;
      for (int length = 0; length < whole.length; length++) {
        Seen.Run run = Seen.run(Arrays.copyOf(whole, length));
        assertThat(run.frames()).isEqualTo(frames.subList(0, run.frames().size()));
        if (run.fault() == null) {
          clean++;
        } else {
          assertThat(run.fault()).isInstanceOf(CaptureFileException.class);
          assertThat(run.fault()).hasMessageContaining("truncated dump file");
          assertThat(((CaptureFileException) run.fault()).offsetBytes()).isBetween(0L, 1L * length);
        }
      }
      // Only between blocks or records can a cut not be told.
      assertThat(clean).isBetween(4, 8);
    }
  }

  /** Keeps 10 bytes of frames whose first byte has bit 3; any frame of other link types. */
  private static final FrameFilter BIT_3 =
      linkType ->
          BpfProgram.parse(
              linkType == 1 ? "4\n48 0 0 0\n69 0 1 8\n6 0 0 10\n6 0 0 0\n" : "1\n6 0 0 262144\n");

  @Test
  void filterKeepsAndCuts() throws IOException {
    try (CaptureFile all = CaptureFile.open(write(pcap(5000)));
        CaptureFile kept = CaptureFile.open(write(pcap(5000)), BIT_3)) {
      List<byte[]> expected = new ArrayList<>();
      for (byte[] payload : Payloads.of(all)) {
        if ((payload[0] & 8) != 0) {
          expected.add(Arrays.copyOf(payload, 10));
        }
      }
      assertThat(Payloads.of(kept)).usingElementComparator(Arrays::compare).isEqualTo(expected);
      assertThat(kept.statistics().offered()).isEqualTo(expected.size()).isBetween(2000L, 3000L);
    }
  }

  @Test
  void lossBeforeARefusedFrameShowsBeforeTheNextThatIsKept() throws IOException {
    CaptureBytes file = new CaptureBytes(ByteOrder.LITTLE_ENDIAN).section();
    file.interfaceBlock(1, 65535).interfaceBlock(101, 65535);
    byte[] keep = new byte[20];
    keep[0] = 8;
    file.packet(0, 1, keep);
    file.beginPacket(0, 2, new byte[20], 20).u16(4).u16(8).u64(9).u32(0).end();
    file.beginPacket(0, 3, new byte[20], 20).u16(4).u16(8).u64(1).u32(0).end();
    file.beginPacket(0, 4, keep, 20).u16(4).u16(8).u64(2).u32(0).end();
    file.packet(1, 5, new byte[0]);
    List<String> seen = new ArrayList<>();
    try (CaptureFile kept = CaptureFile.open(write(file.toBytes()), BIT_3)) {
      while (!kept.isEnded()) {
        try (Block block = kept.poll(100)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            seen.add(f.sequence() + " " + f.lostBefore() + " " + f.payloadLength());
          }
        }
      }
      assertThat(kept.statistics()).isEqualTo(new CaptureStatistics(15, 12, 3, 0));
    }
    assertThat(seen).containsExactly("0 0 10", "1 12 10", "2 0 0");
  }
}
