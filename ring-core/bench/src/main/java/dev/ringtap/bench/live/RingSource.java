package dev.ringtap.bench.live;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockSource;
import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.PacketCapture;
import dev.ringtap.capture.Warmup;
import dev.ringtap.record.BlockEncoder;
import dev.ringtap.record.PacketEncoder;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.function.ToLongFunction;

/** Ringtap. */
final class RingSource implements JavaReader.Source {
  private static final int BLOCK_KIB = 1024;
  private static final Duration WARMUP_TIME = Duration.ofSeconds(2);

  private final PacketCapture capture;
  private final ToLongFunction<Block> work;
  private final CountDownLatch ended = new CountDownLatch(1);

  private RingSource(PacketCapture capture, ToLongFunction<Block> work) {
    this.capture = capture;
    this.work = work;
  }

  static RingSource open(ReaderKind kind, String interfaceName) throws IOException {
    ToLongFunction<Block> work =
        switch (kind) {
          case HEADER_WALK -> RingSource::walk;
          case AVRO_BATCH -> new AvroBatch()::encode;
          case AVRO_FRAMES -> new AvroFrames()::encode;
          case AVRO_EACH -> new AvroEach()::encode;
          default -> throw new IllegalArgumentException(kind + " is not Ringtap's");
        };
    CaptureConfig config =
        CaptureConfig.on(interfaceName)
            .set(CaptureOption.HOST_NAME, JavaReader.HOST_NAME)
            .set(CaptureOption.RING_MIB, JavaReader.RING_BYTES >> 20)
            .set(CaptureOption.BLOCK_KIB, BLOCK_KIB)
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, JavaReader.RETIRE_TIMEOUT_MILLIS)
            .set(CaptureOption.SNAP_LENGTH_BYTES, JavaReader.SNAP_LENGTH_BYTES)
            .build();
    try (Warmup warmup = new Warmup(WARMUP_TIME)) {
      read(warmup, work, new JavaReader.Counts());
    }
    return new RingSource(PacketCapture.open(config), work);
  }

  @Override
  public void read(JavaReader.Counts counts) throws IOException {
    read(capture, work, counts);
    ended.countDown();
  }

  private static void read(BlockSource source, ToLongFunction<Block> work, JavaReader.Counts counts)
      throws IOException {
    while (!source.isEnded()) {
      try (Block block = source.poll(1000)) {
        if (block != null) {
          counts.add(block.frameCount(), work.applyAsLong(block));
        }
      }
    }
  }

  /** The headers' fields alone. */
  private static long walk(Block block) {
    long sum = 0;
    Frame f;
    while ((f = block.next()) != null) {
      sum += f.timestampNanos() + f.payloadLength() + f.originalLength();
    }
    return sum;
  }

  /** A block's records, encoded in runs. */
  private static final class AvroBatch {
    private final BlockEncoder encoder = BlockEncoder.singleObject();

    long encode(Block block) {
      long bytes = 0;
      while (encoder.encode(block) > 0) {
        bytes += encoder.length();
      }
      return bytes;
    }
  }

  /** As {@link AvroBatch}, by the encoder of single frames. */
  private static final class AvroFrames {
    private final PacketEncoder encoder = PacketEncoder.singleObject();

    /** A frame's headers in the block are longer than a record's other fields. */
    private final byte[] records = new byte[2 * BLOCK_KIB << 10];

    long encode(Block block) {
      int at = 0;
      Frame f;
      while ((f = block.next()) != null) {
        at = encoder.encode(f, records, at);
      }
      return at;
    }
  }

  /** A byte array for each record of a run, kept until the next one. */
  private static final class AvroEach {
    private final BlockEncoder encoder = BlockEncoder.singleObject();
    private byte[] record;

    long encode(Block block) {
      long bytes = 0;
      int records;
      while ((records = encoder.encode(block)) > 0) {
        for (int i = 0; i < records; i++) {
          record = Arrays.copyOfRange(encoder.bytes(), encoder.start(i), encoder.end(i));
          bytes += record.length;
        }
      }
      return bytes;
    }
  }

  @Override
  public long dropped() {
    return capture.statistics().droppedByKernel();
  }

  @Override
  public void stop() throws IOException, InterruptedException {
    capture.stop();
    ended.await();
  }
}
