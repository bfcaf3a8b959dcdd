package dev.ringtap.kafka.agent;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.PacketBatchEncoder;
import dev.ringtap.record.PacketEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;

/**
 * Walks and encodes made-up blocks until the JVM has compiled the code that meets real ones. A cold
 * JVM loses frames in its first second; blocks of one shape would be compiled for that shape alone,
 * so these are diverse: tagged and untagged, short, long and mixed.
 */
final class Warmup {
  private static final int BLOCK_BYTES = 256 << 10;
  private static final int ETHERTYPE_AT = 12;
  private static final int TAG = 0x81000064;
  private static final int[] LENGTHS = {60, 300, 512, 1514};

  private Warmup() {}

  /**
   * Runs for this long.
   *
   * @param target where records will go, or null
   * @return bytes encoded, so that the work has a use
   */
  static long run(Duration time, AgentConfig.KafkaTarget target) {
    long end = System.nanoTime() + time.toNanos();
    LongAdder bytes = new LongAdder();
    FrameSink.Feed feed = feed(target, bytes);
    Random random = new Random(1);
    try (Arena arena = Arena.ofConfined()) {
      BlockBuilder builder = new BlockBuilder(arena, BLOCK_BYTES);
      for (int round = 0; System.nanoTime() < end; round++) {
        fill(builder, random, round % 6);
        try (Block block = builder.build(0, round & 1)) {
          for (Frame frame = block.next(); frame != null; frame = block.next()) {
            feed.accept(frame);
          }
          feed.endBlock();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen: nothing is sent", e);
    }
    return bytes.sum();
  }

  /** What {@link KafkaSink#feed} does before it sends. */
  private static FrameSink.Feed feed(AgentConfig.KafkaTarget target, LongAdder bytes) {
    RecordKey key = target == null ? RecordKey.NONE : target.key();
    if (target != null && target.framesPerRecord() > 1) {
      return new PackingFeed(
          key,
          target.partitions(),
          new RecordLimits(target.framesPerRecord(), BLOCK_BYTES / 4),
          PacketBatchEncoder::singleObject,
          record -> bytes.add(record.finish("warmup").value().length));
    }
    PacketEncoder encoder = PacketEncoder.singleObject();
    PacketHeaders headers = new PacketHeaders();
    return frame -> {
      byte[] keyBytes = key.of(frame, headers);
      bytes.add(encoder.encode(frame).length + (keyBytes == null ? 0 : keyBytes.length));
    };
  }

  private static void fill(BlockBuilder builder, Random random, int shape) {
    builder.start("warmup", LinkType.ETHERNET, CaptureOption.MAX_SNAP_LENGTH_BYTES);
    byte[] bytes = new byte[LENGTHS[LENGTHS.length - 1]];
    random.nextBytes(bytes);
    bytes[ETHERTYPE_AT] = (byte) (random.nextInt(8) == 0 ? 0x86 : 0x08);
    bytes[ETHERTYPE_AT + 1] = (byte) (bytes[ETHERTYPE_AT] == 0x08 ? 0x00 : 0xDD);
    bytes[ETHERTYPE_AT + 2] = 0x45;
    bytes[ETHERTYPE_AT + 11] = (byte) (random.nextBoolean() ? 6 : 17);
    MemorySegment frame = MemorySegment.ofArray(bytes);
    int length;
    int tag;
    do {
      length = shape < 4 ? LENGTHS[shape] : 60 + random.nextInt(1455);
      tag = (shape & 1) == 0 ? 0 : random.nextInt(8) == 0 ? 0 : TAG;
    } while (builder.append(
        1_767_225_600_000_000_000L, length, PacketType.HOST, tag, frame, 0, length));
  }
}
