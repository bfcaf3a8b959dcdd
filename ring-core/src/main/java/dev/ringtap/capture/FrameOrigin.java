package dev.ringtap.capture;

/**
 * What all frames of a block have in common.
 *
 * @param capture the capture that they are of
 * @param linkType LINKTYPE value of the payloads
 * @param snapLengthBytes most bytes of a payload
 * @param cookedHeaderBytes bytes that a payload begins with and the block does not hold
 * @param frameInterfaces names of the frames' own interfaces, or null
 */
record FrameOrigin(
    CaptureId capture,
    int linkType,
    int snapLengthBytes,
    int cookedHeaderBytes,
    InterfaceNames frameInterfaces) {
  /** Frames that lie in the block as their payload, except for a stripped tag. */
  static FrameOrigin of(CaptureId capture, int linkType, int snapLengthBytes) {
    return new FrameOrigin(capture, linkType, snapLengthBytes, 0, null);
  }

  FrameOrigin withSnapLength(int bytes) {
    return new FrameOrigin(capture, linkType, bytes, cookedHeaderBytes, frameInterfaces);
  }

  /** Frames without their header, as a cooked capture has them. */
  static FrameOrigin cooked(
      CaptureId capture, int linkType, int snapLengthBytes, InterfaceNames frameInterfaces) {
    return new FrameOrigin(
        capture, linkType, snapLengthBytes, CookedHeader.bytes(linkType), frameInterfaces);
  }
}
