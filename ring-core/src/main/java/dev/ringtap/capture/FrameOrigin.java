package dev.ringtap.capture;

/**
 * What all frames of a block have in common.
 *
 * @param interfaceName name of the capturing interface
 * @param linkType LINKTYPE value of the payloads
 * @param snapLengthBytes most bytes of a payload
 * @param cookedHeaderBytes bytes that a payload begins with and the block does not hold
 * @param frameInterfaces names of the frames' own interfaces, or null
 * @param member which member of a fanout group captured them, from 0
 */
record FrameOrigin(
    String interfaceName,
    int linkType,
    int snapLengthBytes,
    int cookedHeaderBytes,
    InterfaceNames frameInterfaces,
    int member) {
  /** Frames that lie in the block as their payload, except for a stripped tag. */
  static FrameOrigin of(String interfaceName, int linkType, int snapLengthBytes) {
    return new FrameOrigin(interfaceName, linkType, snapLengthBytes, 0, null, 0);
  }

  /** Frames without their header, as a cooked capture has them. */
  static FrameOrigin cooked(
      String interfaceName, int linkType, int snapLengthBytes, InterfaceNames frameInterfaces) {
    return new FrameOrigin(
        interfaceName, linkType, snapLengthBytes, CookedHeader.bytes(linkType), frameInterfaces, 0);
  }
}
