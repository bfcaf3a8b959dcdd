package dev.ringtap.capture;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A block of one frame as a live cooked capture has it: without its header, described beside. */
public final class CookedFrames {
  private CookedFrames() {}

  /** The block; its frame's payload begins with a header made of these values. */
  public static Block block(
      Arena arena,
      int linkType,
      int snapLengthBytes,
      int protocol,
      int ifindex,
      int hardwareType,
      int senderLength,
      long sender,
      int strippedTag,
      byte[] inRing) {
    BlockBuilder builder = new BlockBuilder(arena, BlockBuilder.blockSizeBytes(inRing.length) + 64);
    builder.startCooked(CaptureId.on("ppp0"), linkType, snapLengthBytes, null);
    builder.sockaddr(protocol, ifindex, hardwareType, senderLength, sender);
    builder.append(
        1,
        inRing.length,
        PacketType.OUTGOING,
        strippedTag,
        MemorySegment.ofArray(inRing),
        0,
        inRing.length);
    return builder.build(0, 0);
  }
}
