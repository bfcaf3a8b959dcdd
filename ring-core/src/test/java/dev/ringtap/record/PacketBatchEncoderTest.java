package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.testkit.PacketBatches;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Holds batches against the records of their frames alone, and against Avro's own coders. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class PacketBatchEncoderTest {
  private static final int SCHEMA_ID = 0xCAFE0102;
  private static final int SNAP_LENGTH = 262_144;
  private static final int BLOCK_BYTES = 1 << 20;

  private final Random random = new Random(12);
  private final PacketEncoder alone = PacketEncoder.singleObject();
  private final PacketBatchEncoder encoder = PacketBatchEncoder.singleObject();
  private final BlockEncoder items = BlockEncoder.batchItems();
  private final PacketBatchEncoder ofItems = PacketBatchEncoder.singleObject();
  private final PacketBatchEncoder registryEncoder = PacketBatchEncoder.registry(SCHEMA_ID);
  private final GenericDatumReader<GenericRecord> batchReader =
      new GenericDatumReader<>(PacketSchema.publishedBatch());

  private void append(BlockBuilder builder, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    int tag = random.nextInt(3) == 0 ? 0x81000000 | random.nextInt(0x10000) : 0;
    assertThat(
            builder.append(
                (random.nextLong() >>> 33) * 1_000_000_000L + random.nextInt(1_000_000_000),
                length + random.nextInt(2) * random.nextInt(1000),
                PacketType.values()[random.nextInt(5)],
                tag,
                MemorySegment.ofArray(bytes),
                0,
                length))
        .isTrue();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static <T> T read(GenericDatumReader<T> reader, byte[] value, int from)
      throws IOException {
    return reader.read(
        null, DecoderFactory.get().binaryDecoder(value, from, value.length - from, null));
  }

  /** One block's frames, packed by both encoders, and each as a record of its own. */
  private void check(int frames, int longest) throws IOException {
    CaptureId capture =
        new CaptureId(
            "host" + random.nextInt(3),
            "eth" + random.nextInt(20),
            1_767_225_600_000_000L + random.nextInt(3),
            random.nextInt(3));
    List<byte[]> records = new ArrayList<>();
    long mostBytes = 0;
    long mostBytesOfItems = 0;
    try (BlockBuilder builder = new BlockBuilder(BLOCK_BYTES)) {
      builder.start(capture, LinkType.ETHERNET, SNAP_LENGTH);
      for (int i = 0; i < frames; i++) {
        append(builder, random.nextInt(1 + longest));
      }
      try (Block block = builder.build(random.nextInt(1 << 20), random.nextInt(1 << 20))) {
        int inRun;
        while ((inRun = items.encode(block)) > 0) {
          for (int i = 0; i < inRun; i++) {
            mostBytesOfItems = ofItems.frames() == 0 ? 0 : ofItems.maxLengthWith(items, i);
            ofItems.add(items, i);
          }
        }
        block.rewind(frames);
        Frame frame;
        while ((frame = block.next()) != null) {
          records.add(alone.encode(frame));
          mostBytes = encoder.maxLengthWith(frame);
          encoder.add(frame);
          registryEncoder.add(frame);
        }
      }
    }
    assertThat(encoder.frames()).isEqualTo(frames);
    byte[] value = encoder.finish();
    byte[] framed = registryEncoder.finish();
    assertThat(encoder.frames()).isZero();
    assertThat(ofItems.finish()).as("encoded before").isEqualTo(value);
    if (frames > 1) {
      assertThat(mostBytesOfItems).isBetween((long) value.length, value.length + 10L);
    }
    assertThat(value.length)
        .isLessThanOrEqualTo((int) mostBytes)
        .isGreaterThan((int) mostBytes - 150);

    List<Packet> packets = new ArrayList<>();
    for (byte[] record : records) {
      packets.add(Packet.getDecoder().decode(record));
    }
    PacketBatch batch = PacketBatch.getDecoder().decode(value);
    assertThat(batch).isEqualTo(PacketBatches.of(packets));
    assertThat(value).as("Avro's own bytes").isEqualTo(bytes(batch.toByteBuffer()));
    assertThat(((Collection<?>) read(batchReader, value, 10).get("packets"))).hasSize(frames);
    assertThat(new PacketRecords().read(value)).isEqualTo(packets);

    assertThat(ByteBuffer.wrap(framed).get()).isZero();
    assertThat(ByteBuffer.wrap(framed).getInt(1)).isEqualTo(SCHEMA_ID);
    assertThat(Arrays.copyOfRange(framed, 5, framed.length))
        .isEqualTo(Arrays.copyOfRange(value, 10, value.length));
  }

  @Test
  void everyBatchHoldsWhatItsFramesHaveAlone() throws IOException {
    for (int i = 0; i < 60; i++) {
      check(1 + random.nextInt(40), 1 + random.nextInt(1600));
    }
  }

  @Test
  void framesAreCountedInAsManyBytesAsItTakes() throws IOException {
    for (int frames : new int[] {1, 63, 64, 65, 8000}) {
      check(frames, 20);
    }
  }

  @Test
  void longFramesHaveRoom() throws IOException {
    check(1, SNAP_LENGTH);
    check(3, SNAP_LENGTH);
  }

  @Test
  void batchOfNoFramesIsAvros() throws IOException {
    Schema schema = PacketBatch.getClassSchema();
    assertThat(encoder.finish())
        .isEqualTo(
            bytes(
                new PacketBatch(
                        "",
                        Instant.EPOCH,
                        0,
                        new GenericData.Array<>(0, schema.getField("packets").schema()))
                    .toByteBuffer()));
    check(2, 60);
    assertThat(new PacketRecords().read(encoder.finish())).isEmpty();
  }

  @Test
  void framesOfAnotherCaptureAreRefusedUntilTheRecordEnds() throws IOException {
    try (BlockBuilder builder = new BlockBuilder(BLOCK_BYTES)) {
      for (String host : List.of("web-1", "web-2")) {
        builder.start(new CaptureId(host, "eth0", 1, 0), LinkType.ETHERNET, SNAP_LENGTH);
        append(builder, 60);
        try (Block block = builder.build(0, 0)) {
          Frame frame = block.next();
          if (encoder.frames() > 0) {
            assertThatThrownBy(() -> encoder.add(frame))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("web-1", "web-2");
            encoder.finish();
          }
          encoder.add(frame);
        }
      }
    }
    assertThat(new PacketRecords().read(encoder.finish()))
        .extracting(Packet::getHost)
        .containsExactly("web-2");
  }
}
