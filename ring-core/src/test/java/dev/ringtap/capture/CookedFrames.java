package dev.ringtap.capture;

import java.lang.foreign.MemorySegment;

/**
 * A builder with one frame as a live cooked capture has it: without its header, described beside.
 */
public final class CookedFrames {
  private CookedFrames() {}

  /** The builder; the frame's payload begins with a header made of these values. */
  public static BlockBuilder builder(
      int linkType,
      int snapLengthBytes,
      int protocol,
      int ifindex,
      int hardwareType,
      int senderLength,
      long sender,
      int strippedTag,
      byte[] inRing) {
    BlockBuilder builder = new BlockBuilder(BlockBuilder.blockSizeBytes(inRing.length) + 64);
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
    return builder;
  }
}
