package dev.ringtap.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.RandomBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames that were read from values are those that the values were made of: they encode alike. */
@Timeout(120)
class RecordFramesTest {
  private static final int BLOCKS = Integer.getInteger("ringtap.test.blocks", 500);
  private static final int SCHEMA_ID = 7;

  private final PacketEncoder encoder = PacketEncoder.singleObject();
  private final RecordFrames frames =
      new RecordFrames(
          id -> id == SCHEMA_ID ? PacketSchema.published() : PacketSchema.publishedBatch(),
          CaptureOption.MAX_SNAP_LENGTH_BYTES);

  @AfterEach
  void close() {
    frames.close();
  }

  private List<byte[]> again(byte[] value) throws IOException {
    List<byte[]> values = new ArrayList<>();
    frames.read(value, frame -> values.add(encoder.encode(frame)));
    return values;
  }

  /** Of all link types, with tags and flags of every kind, cut anywhere. */
  @Test
  void randomFramesComeBackFromEveryKindOfValue() throws IOException {
    PacketEncoder registered = PacketEncoder.registry(SCHEMA_ID);
    PacketBatchEncoder batch = PacketBatchEncoder.singleObject();
    PacketBatchEncoder registeredBatch = PacketBatchEncoder.registry(SCHEMA_ID + 1);
    long seen = 0;
    try (RandomBlocks blocks = new RandomBlocks(new Random(Long.getLong("ringtap.test.seed", 7)))) {
      for (int i = 0; i < BLOCKS; i++) {
        blocks.next();
        List<byte[]> expected = new ArrayList<>();
        try (Block block = blocks.block()) {
          Frame frame;
          while ((frame = block.next()) != null) {
            byte[] value = encoder.encode(frame);
            assertThat(again(value)).containsExactly(value);
            assertThat(again(registered.encode(frame))).containsExactly(value);
            expected.add(value);
            batch.add(frame);
            registeredBatch.add(frame);
          }
        } catch (CorruptBlockException e) {
          // the frames before the fault count
        }
        seen += expected.size();
        if (!expected.isEmpty()) {
          assertThat(again(batch.finish())).containsExactlyElementsOf(expected);
          assertThat(again(registeredBatch.finish())).containsExactlyElementsOf(expected);
        }
      }
    }
    assertThat(seen).isGreaterThan(BLOCKS);
  }

  @Test
  void valuesOfAnotherSchemaAreReadByAvro() throws IOException {
    Schema other = PacketRecordsTest.other(PacketSchema.published());
    BinaryMessageDecoder<GenericRecord> convert =
        new BinaryMessageDecoder<>(new GenericData(), other);
    convert.addSchema(PacketSchema.published());
    byte[] value =
        PacketRecordsTest.bytes(
            new BinaryMessageEncoder<GenericRecord>(new GenericData(), other)
                .encode(convert.decode(ExampleRecords.value())));
    assertThatThrownBy(() -> again(value))
        .isInstanceOf(BadValueException.class)
        .hasMessageContaining("give the schema (addSchema");
    frames.addSchema(other);
    assertThat(again(value)).containsExactly(ExampleRecords.value());
  }

  @Test
  void payloadsAreCutToWhatIsAskedFor() throws IOException {
    try (RecordFrames heads = new RecordFrames(null, 20)) {
      heads.read(
          ExampleRecords.value(),
          frame -> {
            assertThat(frame.payloadLength()).isEqualTo(20);
            assertThat(frame.originalLength()).isEqualTo(46);
            assertThat(frame.vlanTag()).isNotZero();
          });
    }
  }

  /** Damage anywhere gives one exception and no frame. */
  @Test
  void aDamagedValueHasNoFrame() throws IOException {
    byte[] good = ExampleRecords.value();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> again(cut)).isInstanceOf(BadValueException.class);
    }
    assertThatThrownBy(() -> again(null)).isInstanceOf(BadValueException.class);
  }
}
