package dev.ringtap.kafka.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.packet.FlowKey;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.BlockEncoder;
import dev.ringtap.testkit.FlowFrames;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Keys of encoded records are those of their frames. */
class FlowKeysTest {
  private static final int BLOCKS = 200;
  private static final int FRAMES = 200;
  private static final int TAG = 0x8100_0064;

  private final Random random = new Random(16);

  /** A frame of IPv4 or not, cut anywhere, sometimes with a changed byte in its headers. */
  private void append(BlockBuilder builder, FlowFrames frames) {
    byte[] frame = frames.next();
    if (random.nextInt(4) == 0) {
      frame[random.nextInt(Math.min(frame.length, 40))] = (byte) random.nextInt(256);
    }
    int length = random.nextInt(4) == 0 ? random.nextInt(frame.length + 1) : frame.length;
    int tag = random.nextInt(3) == 0 ? TAG : 0;
    builder.append(
        1_790_000_000_000_000_000L,
        frame.length,
        PacketType.HOST,
        tag,
        MemorySegment.ofArray(frame),
        0,
        Math.min(length, 1500));
  }

  @Test
  void keysOfRecordsAreThoseOfFrames() {
    FlowFrames frames = new FlowFrames(random);
    PacketHeaders headers = new PacketHeaders();
    FlowKeys keys = new FlowKeys();
    BlockEncoder encoder = BlockEncoder.singleObject();
    try (BlockBuilder builder = new BlockBuilder(1 << 20)) {
      for (int i = 0; i < BLOCKS; i++) {
        builder.start(CaptureId.on("eth0"), LinkType.ETHERNET, 262_144);
        for (int j = 0; j < FRAMES; j++) {
          append(builder, frames);
        }
        List<Long> expected = new ArrayList<>();
        List<Long> seen = new ArrayList<>();
        List<byte[]> payloads = new ArrayList<>();
        try (Block block = builder.build(i * FRAMES, 0)) {
          Frame frame;
          while ((frame = block.next()) != null) {
            byte[] payload = frame.payload();
            long key =
                FlowKey.of(
                    headers.parse(
                        MemorySegment.ofArray(payload), 0, payload.length, frame.linkType()));
            // a link header that is cut before the EtherType is none, unless a tag completes it
            if (frame.capturedLength() >= 14) {
              assertThat(key).isEqualTo(FlowKey.of(headers.parse(frame)));
            }
            expected.add(key);
            payloads.add(payload);
          }
          block.rewind(block.frameCount());
          int records;
          while ((records = encoder.encode(block)) > 0) {
            for (int j = 0; j < records; j++) {
              seen.add(keys.of(encoder, j));
            }
          }
        }
        for (int j = 0; j < expected.size(); j++) {
          byte[] payload = payloads.get(j);
          assertThat(seen.get(j))
              .as(() -> HexFormat.of().formatHex(payload))
              .isEqualTo(expected.get(j));
        }
      }
    }
  }
}
