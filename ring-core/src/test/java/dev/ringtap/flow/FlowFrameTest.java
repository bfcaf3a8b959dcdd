package dev.ringtap.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.BlockBuilder;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.packet.CommunityId;
import dev.ringtap.testkit.FlowFrames;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A frame in the ring is read as its bytes are elsewhere, whichever way that goes. */
class FlowFrameTest {
  private static final int FRAMES = 100_000;

  private final byte[] digest = new byte[CommunityId.DIGEST_BYTES];

  private String fields(FlowFrame frame) {
    if (!frame.isIp()) {
      return "no IP";
    }
    String id = frame.communityId(digest) ? HexFormat.of().formatHex(digest) : "none";
    String tcp =
        frame.tcpFlags < 0
            ? "none"
            : "%x %x %x %x"
                .formatted(frame.tcpFlags, frame.sequence, frame.acknowledgment, frame.window);
    return "%s key %x %s ttl %d octets %d %d payload %d tcp %s %s"
        .formatted(
            frame.flowName(),
            frame.flowKey(),
            id,
            frame.ttl,
            frame.ipOctets,
            frame.frameOctets,
            frame.payloadOctets,
            tcp,
            frame.isFragment() ? frame.datagramName() + frame.isLaterFragment() : "whole");
  }

  @Test
  void inTheRingAndElsewhere() {
    Random random = new Random(7);
    FlowFrames frames = new FlowFrames(random);
    FlowFrame inRing = new FlowFrame();
    FlowFrame elsewhere = new FlowFrame();
    try (BlockBuilder builder = new BlockBuilder(1 << 18)) {
      for (int i = 0; i < FRAMES; i++) {
        byte[] bytes = frames.next().clone();
        for (int damaged = random.nextInt(4); damaged > 0; damaged--) {
          // the headers are where it matters
          bytes[12 + random.nextInt(Math.min(bytes.length, 60) - 12)] = (byte) random.nextInt(256);
        }
        int kept = random.nextInt(4) == 0 ? random.nextInt(bytes.length + 1) : bytes.length;
        int tag = random.nextInt(4) == 0 ? 0x8100_0000 | random.nextInt(1 << 16) : 0;
        builder.start(FlowTraffic.CAPTURE, LinkType.ETHERNET, 262_144);
        builder.append(
            1 + i, bytes.length, PacketType.HOST, tag, MemorySegment.ofArray(bytes), 0, kept);
        try (Block block = builder.build(i, 0)) {
          Frame frame = block.next();
          inRing.read(frame);
          elsewhere.read(
              frame.capture(),
              frame.timestampNanos(),
              frame.originalLength(),
              MemorySegment.ofArray(frame.payload()),
              frame.linkType(),
              frame.vlanTag());
          assertThat(fields(inRing)).as("frame %d", i).isEqualTo(fields(elsewhere));
        }
      }
    }
  }
}
