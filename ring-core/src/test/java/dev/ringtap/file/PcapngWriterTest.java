package dev.ringtap.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class PcapngWriterTest {
  private static final long TIME = 1_700_000_000_123_456_789L;

  @TempDir Path directory;

  @Test
  void writesTheseBytes() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PcapngWriter writer = new PcapngWriter(Channels.newChannel(out))) {
      int id = writer.addInterface(CaptureId.on("eth0"), 1, 262144);
      MemorySegment payload = MemorySegment.ofArray(new byte[] {9, 1, 2, 3, 4, 5, 9});
      writer.write(id, TIME, 60, PacketType.OUTGOING, 0, 0, payload, 1, 5);
      writer.write(id, TIME + 1, 61, PacketType.BROADCAST, 0, 7, payload, 1, 4);
      writer.writeStatistics(id, 9, 7);
    }
    byte[] expected =
        new CaptureBytes(ByteOrder.LITTLE_ENDIAN)
            .begin(0x0A0D0D0A)
            .u32(0x1A2B3C4D)
            .u16(1)
            .u16(0)
            .u64(-1)
            .option(2, System.getProperty("os.arch"))
            .option(3, System.getProperty("os.name") + " " + System.getProperty("os.version"))
            .option(4, "Ringtap")
            .u32(0)
            .end()
            .bytes(
                HexFormat.of()
                    .parseHex(
                        // interface: eth0, Ethernet, nanoseconds
                        "01000000"
                            + "28000000"
                            + "01000000"
                            + "00000400"
                            + "02000400"
                            + "65746830"
                            + "09000100"
                            + "09000000"
                            + "00000000"
                            + "28000000"
                            // 1,2,3,4,5 of 60 bytes, outbound
                            + "06000000"
                            + "34000000"
                            + "00000000"
                            + "fe9c9717"
                            + "15cd853d"
                            + "05000000"
                            + "3c000000"
                            + "0102030405000000"
                            + "02000400"
                            + "02000000"
                            + "00000000"
                            + "34000000"
                            // 1,2,3,4 of 61 bytes, inbound broadcast, 7 lost before
                            + "06000000"
                            + "3c000000"
                            + "00000000"
                            + "fe9c9717"
                            + "16cd853d"
                            + "04000000"
                            + "3d000000"
                            + "01020304"
                            + "02000400"
                            + "0d000000"
                            + "04000800"
                            + "0700000000000000"
                            + "00000000"
                            + "3c000000"
                            // statistics: start, end, received, dropped
                            + "05000000"
                            + "4c000000"
                            + "00000000"
                            + "fe9c9717"
                            + "16cd853d"
                            + "02000800"
                            + "fe9c9717"
                            + "15cd853d"
                            + "03000800"
                            + "fe9c9717"
                            + "16cd853d"
                            + "04000800"
                            + "0900000000000000"
                            + "05000800"
                            + "0700000000000000"
                            + "00000000"
                            + "4c000000"))
            .toBytes();
    assertThat(HexFormat.of().formatHex(out.toByteArray()))
        .isEqualTo(HexFormat.of().formatHex(expected));
  }

  @Test
  void readsBackWhatItWroteFromFramesOfEveryShape() throws Exception {
    Random random = new Random(1);
    int[] lengths = {0, 1, 13, 59, 60, 1514, 65535, 262144, 3, 17};
    int[] tags = {0, 0x81000064, 0x88A8E005};
    List<Seen> given = new ArrayList<>();
    Path file = directory.resolve("out.pcapng");
    try (BlockBuilder builder = new BlockBuilder(1 << 20);
        PcapngWriter writer = PcapngWriter.create(file)) {
      for (int i = 0; i < 90; i++) {
        int length = lengths[i % lengths.length];
        byte[] payload = new byte[length];
        random.nextBytes(payload);
        builder.start(CaptureId.on(i % 4 == 0 ? "eth1" : "eth0"), i % 7 == 0 ? 101 : 1, 262144);
        PacketType type = PacketType.values()[i % 5];
        MemorySegment source = MemorySegment.ofArray(payload);
        builder.append(TIME + i, length + i, type, tags[i % 3], source, 0, length);
        builder.append(TIME + i + 1, length, type, 0, source, 0, length / 2);
        try (Block block = builder.build(given.size(), i % 3 == 0 ? i : 0)) {
          Frame frame;
          while ((frame = block.next()) != null) {
            given.add(Seen.of(frame));
            writer.write(frame);
          }
        }
      }
      writer.flush();
      assertThat(writer.framesWritten()).isEqualTo(180);
    }
    assertThat(Seen.all(file)).isEqualTo(given);
  }

  @Test
  void takesADeclaredInterfaceForFrames() throws Exception {
    Path file = directory.resolve("out.pcapng");
    try (BlockBuilder builder = new BlockBuilder(4096);
        PcapngWriter writer = PcapngWriter.create(file)) {
      writer.addInterface(CaptureId.on("eth0"), 1, 96);
      builder.start(CaptureId.on("eth0"), 1, 96);
      builder.append(TIME, 100, PacketType.HOST, 0, MemorySegment.ofArray(new byte[96]), 0, 96);
      try (Block block = builder.build(0, 0)) {
        writer.write(block.next());
      }
      assertThat(writer.addInterface(CaptureId.on("x"), 1, 0)).isEqualTo(1);
    }
    assertThat(Seen.all(file)).hasSize(1);
  }

  @Test
  void refusesWhatCannotBeRead() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MemorySegment data = MemorySegment.ofArray(new byte[100]);
    try (PcapngWriter writer = new PcapngWriter(Channels.newChannel(out))) {
      int id = writer.addInterface(CaptureId.on("eth0"), 1, 50);
      assertThatThrownBy(() -> writer.write(1, 0, 0, PacketType.HOST, 0, 0, data, 0, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("interface 1 of 1 declared ones");
      assertThatThrownBy(() -> writer.write(id, 0, 0, PacketType.HOST, 0, 0, data, 0, 51))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("frame of 51 bytes on interface eth0, whose snap length is 50");
      assertThatThrownBy(() -> writer.write(id, -1, 0, PacketType.HOST, 0, 0, data, 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> writer.write(id, 0, 0, PacketType.HOST, 0, 0, data, 99, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> writer.addInterface(CaptureId.on("eth0"), 65536, 50))
          .isInstanceOf(IllegalArgumentException.class);
      writer.write(id, 0, 0, PacketType.HOST, 0, 0, data, 0, 50);
      writer.flush();
      assertThat(writer.framesWritten()).isEqualTo(1);
      assertThat(writer.framesLost()).isZero();
    }
    assertThat(Seen.all(out.toByteArray())).hasSize(1);
  }

  @Test
  void takesBackAFrameWhoseBytesAreGone() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MemorySegment gone;
    try (Arena arena = Arena.ofConfined()) {
      gone = arena.allocate(10);
    }
    try (PcapngWriter writer = new PcapngWriter(Channels.newChannel(out))) {
      int id = writer.addInterface(CaptureId.on("eth0"), 1, 50);
      assertThatThrownBy(() -> writer.write(id, 0, 0, PacketType.HOST, 0, 1, gone, 0, 10))
          .isInstanceOf(IllegalStateException.class);
      MemorySegment data = MemorySegment.ofArray(new byte[10]);
      writer.write(id, 0, 0, PacketType.HOST, 0, 0, data, 0, 10);
    }
    assertThat(Seen.all(out.toByteArray())).hasSize(1);
  }

  /** Takes a limited number of bytes, then fails as a full disk does. */
  private static final class FullChannel implements WritableByteChannel {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private int room;

    FullChannel(int room) {
      this.room = room;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      if (room == 0) {
        throw new IOException("No space left on device");
      }
      int count = Math.min(Math.min(room, 777), source.remaining());
      for (int i = 0; i < count; i++) {
        taken.write(source.get());
      }
      room -= count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 200, 5000, 1_048_576, 1_100_000, 2_000_000})
  void countsWhatTheChannelTookWhenItFails(int room) throws Exception {
    FullChannel channel = new FullChannel(room);
    PcapngWriter writer = new PcapngWriter(channel);
    int id = writer.addInterface(CaptureId.on("eth0"), 1, 0);
    int given = 0;
    MemorySegment data = MemorySegment.ofArray(new byte[1000]);
    IOException failure = null;
    while (failure == null && given < 5000) {
      given++;
      try {
        writer.write(id, TIME, 1000, PacketType.HOST, 0, 0, data, 0, given % 1000);
      } catch (IOException e) {
        failure = e;
      }
    }
    assertThat(failure).hasMessage("cannot write to channel: No space left on device");
    assertThatThrownBy(() -> writer.write(id, TIME, 0, PacketType.HOST, 0, 0, data, 0, 0))
        .hasMessage("cannot write to channel: No space left on device");
    assertThatThrownBy(writer::flush).hasCauseInstanceOf(IOException.class);
    assertThat(writer.framesWritten() + writer.framesLost()).isEqualTo(given + 1);
    byte[] taken = channel.taken.toByteArray();
    assertThat(taken).hasSize(room);
    assertThat(Seen.run(taken).frames()).hasSize((int) writer.framesWritten());
    assertThatThrownBy(writer::close).isInstanceOf(IOException.class);
    writer.close();
  }

  @Test
  void cutsTheFileBackWhenAnInterruptClosesIt() throws Exception {
    Path file = directory.resolve("out.pcapng");
    MemorySegment data = MemorySegment.ofArray(new byte[1000]);
    PcapngWriter writer = PcapngWriter.create(file);
    int id = writer.addInterface(CaptureId.on("eth0"), 1, 0);
    writer.write(id, TIME, 1000, PacketType.HOST, 0, 0, data, 0, 1000);
    writer.flush();
    writer.write(id, TIME, 1000, PacketType.HOST, 0, 0, data, 0, 1000);
    Thread.currentThread().interrupt();
    assertThatThrownBy(writer::flush)
        .hasMessage("cannot write to " + file + ": ClosedByInterruptException");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(writer.framesWritten()).isEqualTo(1);
    assertThat(writer.framesLost()).isEqualTo(1);
    assertThat(Seen.all(file)).hasSize(1);
    assertThatThrownBy(writer::close).isInstanceOf(IOException.class);
  }

  @Test
  void replacesTheFileAndTellsWhatCannotBeCreated() throws Exception {
    Path file = Files.write(directory.resolve("out.pcapng"), new byte[100_000]);
    PcapngWriter.create(file).close();
    assertThat(Files.size(file)).isLessThan(1000);
    assertThat(Seen.all(file)).isEmpty();
    assertThatThrownBy(() -> PcapngWriter.create(directory.resolve("no/out.pcapng")))
        .hasMessageContaining("no/out.pcapng: no such file or directory");
    assertThat(Arrays.asList(directory.toFile().list())).containsExactly("out.pcapng");
  }

  /** More would be a file that is refused when it is read. */
  @Test
  void hasAsManyInterfacesAsAreReadAgain() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PcapngWriter writer = new PcapngWriter(Channels.newChannel(out))) {
      for (int i = 0; i < PcapngReader.MOST_INTERFACES; i++) {
        writer.addInterface(CaptureId.on("eth" + i), 1, 0);
      }
      assertThatThrownBy(() -> writer.addInterface(CaptureId.on("eth16384"), 1, 0))
          .isInstanceOf(IOException.class)
          .hasMessage("cannot write interface eth16384: the file has 16384 interfaces, the most");
    }
    try (CaptureFile file =
        CaptureFile.open(Files.write(directory.resolve("i"), out.toByteArray()))) {
      assertThat(file.poll(1000)).isNull();
    }
  }

  @Test
  void captureOfAFrameComesBack() throws Exception {
    List<CaptureId> captures =
        List.of(
            new CaptureId("web-1", "eth0", 1_767_225_600_123_456L, 0),
            new CaptureId("web-2", "eth0", 1_767_225_600_123_456L, 0),
            new CaptureId("web-1", "eth0", 1_767_225_600_123_456L, 3),
            new CaptureId("web-1", "eth0", 1_767_225_600_000_000L, 0),
            new CaptureId("a b=c member=7", "eth0", -1, 0),
            new CaptureId("", "eth0", 1, 0),
            CaptureId.on("eth0"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (BlockBuilder builder = new BlockBuilder(1 << 16);
        PcapngWriter writer = new PcapngWriter(Channels.newChannel(out))) {
      for (int i = 0; i < 3 * captures.size(); i++) {
        builder.start(captures.get(i % captures.size()), 1, 96);
        builder.append(TIME + i, 4, PacketType.HOST, 0, MemorySegment.ofArray(new byte[4]), 0, 4);
        try (Block block = builder.build(0, 0)) {
          writer.write(block.next());
        }
      }
    }
    List<CaptureId> expected = new ArrayList<>(captures);
    // what the file does not tell: the time of its first frame
    expected.set(6, new CaptureId("", "eth0", TIME / 1000, 0));
    assertThat(captures(out.toByteArray(), null))
        .isEqualTo(Stream.of(expected, expected, expected).flatMap(List::stream).toList());
    assertThat(captures(out.toByteArray(), "here"))
        .extracting(CaptureId::host)
        .containsOnly("here");
  }

  private static List<CaptureId> captures(byte[] pcapng, String host) throws IOException {
    List<CaptureId> captures = new ArrayList<>();
    try (CaptureFile file =
        CaptureFile.open(new Seen.BytesInput(pcapng), "test.pcapng").host(host)) {
      while (!file.isEnded()) {
        try (Block block = file.poll(0)) {
          for (Frame f = block == null ? null : block.next(); f != null; f = block.next()) {
            captures.add(f.capture());
          }
        }
      }
    }
    return captures;
  }
}
