package dev.ringtap.bench.live;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.RingMemory;
import dev.ringtap.record.PacketEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** That the encoder in C, which Ringtap's is measured beside, writes the same bytes. */
final class EncoderCheck {
  private static final int BLOCK_BYTES = 1 << 20;
  private static final int FRAMES = 400;
  private static final long NANOS = 1_790_000_000_123_456_789L;
  private static final int[] LENGTHS = {0, 11, 12, 15, 16, 60, 64, 512, 1500, 9000};
  private static final int[] TAGS = {0, 0, 0x81002064, 0x81000001, 0x88A8BFFF};

  private EncoderCheck() {}

  /** Encodes one block of different frames both ways. */
  static void run(Programs programs) throws IOException {
    Path file = Files.createTempFile("ringtap-block", ".bin");
    try (BlockBuilder builder = new BlockBuilder(BLOCK_BYTES)) {
      byte[] expected = fillAndEncode(builder, file);
      Process c =
          new ProcessBuilder(programs.encode(JavaReader.capture(Wire.READERS_END), file))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      byte[] actual = c.getInputStream().readAllBytes();
      int differs = Arrays.mismatch(expected, actual);
      if (differs >= 0) {
        throw new IllegalStateException(
            "ring_avro.c writes other bytes than PacketEncoder, from byte "
                + differs
                + " of "
                + expected.length);
      }
    } finally {
      Files.delete(file);
    }
  }

  /** Fills a block, writes it to the file as it lies in memory, and encodes it. */
  private static byte[] fillAndEncode(BlockBuilder builder, Path file) throws IOException {
    Random random = new Random(1);
    builder.start(
        JavaReader.capture(Wire.READERS_END), LinkType.ETHERNET, JavaReader.SNAP_LENGTH_BYTES);
    for (int i = 0; i < FRAMES; i++) {
      byte[] bytes = new byte[LENGTHS[random.nextInt(LENGTHS.length)]];
      random.nextBytes(bytes);
      if (bytes.length >= 16 && random.nextInt(3) == 0) {
        // a tag that is still in the frame
        bytes[12] = (byte) 0x81;
        bytes[13] = 0;
      }
      int originalLength = bytes.length + random.nextInt(2) * random.nextInt(60_000);
      PacketType type = PacketType.values()[random.nextInt(PacketType.values().length)];
      int tag = TAGS[random.nextInt(TAGS.length)];
      MemorySegment frame = MemorySegment.ofArray(bytes);
      builder.flags(random.nextInt(8));
      builder.append(NANOS + i * 1001L, originalLength, type, tag, frame, 0, bytes.length);
    }
    PacketEncoder encoder = PacketEncoder.singleObject();
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    try (Block block = builder.build(0, 0)) {
      Frame f;
      while ((f = block.next()) != null) {
        if (f.sequence() == 0) {
          Files.write(file, RingMemory.of(f).toArray(ValueLayout.JAVA_BYTE));
        }
        records.write(encoder.encode(f));
      }
    }
    return records.toByteArray();
  }
}
