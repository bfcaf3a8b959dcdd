package dev.ringtap.capture;

import org.jspecify.annotations.Nullable;

/**
 * What all frames of a block have in common.
 *
 * @param capture the capture that they are of
 * @param linkType LINKTYPE value of the payloads
 * @param snapLengthBytes most bytes of a payload
 * @param cookedHeaderBytes bytes that a payload begins with and the block does not hold
 * @param tagOffset where a tag that lies beside a frame goes back into it, or {@link
 *     Integer#MAX_VALUE} where it does not
 * @param frameInterfaces names of the frames' own interfaces, or null
 */
record FrameOrigin(
    CaptureId capture,
    int linkType,
    int snapLengthBytes,
    int cookedHeaderBytes,
    int tagOffset,
    @Nullable InterfaceNames frameInterfaces) {
  FrameOrigin(
      CaptureId capture,
      int linkType,
      int snapLengthBytes,
      int cookedHeaderBytes,
      @Nullable InterfaceNames frameInterfaces) {
    this(
        capture,
        linkType,
        snapLengthBytes,
        cookedHeaderBytes,
        LinkType.tagOffset(linkType),
        frameInterfaces);
  }

  /** Frames that lie in the block as their payload, except for a stripped tag. */
  static FrameOrigin of(CaptureId capture, int linkType, int snapLengthBytes) {
    return new FrameOrigin(capture, linkType, snapLengthBytes, 0, null);
  }

  /** Frames whose payload lies in the block as a whole: no tag goes back into it. */
  static FrameOrigin whole(CaptureId capture, int linkType, int snapLengthBytes) {
    return new FrameOrigin(capture, linkType, snapLengthBytes, 0, Integer.MAX_VALUE, null);
  }

  FrameOrigin withSnapLength(int bytes) {
    return new FrameOrigin(capture, linkType, bytes, cookedHeaderBytes, tagOffset, frameInterfaces);
  }

  /** Frames without their header, as a cooked capture has them. */
  static FrameOrigin cooked(
      CaptureId capture, int linkType, int snapLengthBytes, InterfaceNames frameInterfaces) {
    return new FrameOrigin(
        capture, linkType, snapLengthBytes, CookedHeader.bytes(linkType), frameInterfaces);
  }
}
