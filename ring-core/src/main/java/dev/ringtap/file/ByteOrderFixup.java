package dev.ringtap.file;

import dev.ringtap.capture.LinkType;

/**
 * The few link types whose headers are in the byte order of the machine that captured. Their frames
 * do not tell which that was, the file does: fields of a file in the other order are swapped, so
 * that a frame means the same wherever it came from. Sources: libpcap's {@code
 * pcapint_post_process}, and the link types' pages at https://www.tcpdump.org/linktypes.html.
 */
final class ByteOrderFixup {
  private static final int PFLOG = 117;
  private static final int USB_LINUX = 189;
  private static final int USB_LINUX_MMAPPED = 220;
  private static final int NFLOG = 239;

  private static final int SLL_PROTOCOL_AT = 14;
  private static final int SLL_BYTES = 16;
  private static final int SLL2_PROTOCOL_AT = 0;
  private static final int SLL2_BYTES = 20;
  private static final int PROTOCOL_CAN = 0x0C;
  private static final int PROTOCOL_CAN_FD = 0x0D;
  private static final int PROTOCOL_CAN_XL = 0x0E;

  private static final int PFLOG_UID_AT = 44;
  private static final int PFLOG_END = 60;

  private static final int NFLOG_VERSION_AT = 1;
  private static final int NFLOG_HEADER_BYTES = 4;
  private static final int NFLOG_TLV_BYTES = 4;

  private static final int USB_TRANSFER_TYPE_AT = 9;
  private static final int USB_ISOCHRONOUS = 0;
  private static final int USB_NDESC_AT = 60;
  private static final int USB_DESCRIPTORS_AT = 64;
  private static final int USB_DESCRIPTOR_BYTES = 16;

  private final FileWindow window;
  private final int start;
  private final int length;

  private ByteOrderFixup(FileWindow window, int start, int length) {
    this.window = window;
    this.start = start;
    this.length = length;
  }

  /** Whether frames of this link type have such fields. */
  static boolean areIn(int linkType) {
    return switch (linkType) {
      case LinkType.LINUX_SLL, LinkType.LINUX_SLL2, PFLOG, USB_LINUX, USB_LINUX_MMAPPED, NFLOG ->
          true;
      default -> false;
    };
  }

  /**
   * Swaps them, as far as the frame reaches.
   *
   * @param start index of the frame in the window
   * @param captured bytes of it in the file
   * @param original bytes of it on the wire, which may be fewer where the file is damaged
   */
  static void swap(FileWindow window, int linkType, int start, int captured, int original) {
    boolean usb = linkType == USB_LINUX || linkType == USB_LINUX_MMAPPED;
    // for USB libpcap looks at the captured bytes alone
    int length = usb ? captured : Math.min(captured, original);
    ByteOrderFixup fields = new ByteOrderFixup(window, start, length);
    switch (linkType) {
      case LinkType.LINUX_SLL -> fields.swapCan(SLL_PROTOCOL_AT, SLL_BYTES);
      case LinkType.LINUX_SLL2 -> fields.swapCan(SLL2_PROTOCOL_AT, SLL2_BYTES);
      case PFLOG -> fields.swapPflog();
      case NFLOG -> fields.swapNflog();
      default -> fields.swapUsb(linkType == USB_LINUX_MMAPPED);
    }
  }

  private int byteAt(int at) {
    return window.unsignedByte(start + at);
  }

  /** Turns a field over, or returns false where the frame ends before its end. */
  private boolean swap(int at, int bytes) {
    if (at + bytes > length) {
      return false;
    }
    window.reverse(start + at, bytes);
    return true;
  }

  private void swapCan(int protocolAt, int headerBytes) {
    if (length < headerBytes) {
      return;
    }
    int protocol = byteAt(protocolAt) << 8 | byteAt(protocolAt + 1);
    if (protocol == PROTOCOL_CAN || protocol == PROTOCOL_CAN_FD || protocol == PROTOCOL_CAN_XL) {
      swap(headerBytes, 4);
    }
    if (protocol == PROTOCOL_CAN_XL) {
      swap(headerBytes + 6, 2);
      swap(headerBytes + 8, 4);
    }
  }

  /** User and process numbers, as far as the header says that it reaches. */
  private void swapPflog() {
    for (int at = PFLOG_UID_AT; at < PFLOG_END; at += 4) {
      if (at + 4 > length || at + 4 > byteAt(0)) {
        return;
      }
      swap(at, 4);
    }
  }

  /** The length and type of each value. */
  private void swapNflog() {
    if (length < NFLOG_HEADER_BYTES || byteAt(NFLOG_VERSION_AT) != 0) {
      return;
    }
    for (int at = NFLOG_HEADER_BYTES; at + NFLOG_TLV_BYTES <= length; ) {
      int bytes = PcapngFormat.padded(window.unsignedShort(start + at));
      swap(at, 2);
      swap(at + 2, 2);
      if (bytes < NFLOG_TLV_BYTES) {
        return;
      }
      at += bytes;
    }
  }

  /** A {@code struct usbmon_packet}; the longer one has descriptors after it. */
  private void swapUsb(boolean longer) {
    boolean there =
        swap(0, 8)
            && swap(12, 2)
            && swap(16, 8)
            && swap(24, 4)
            && swap(28, 4)
            && swap(32, 4)
            && swap(36, 4);
    boolean isochronous = there && byteAt(USB_TRANSFER_TYPE_AT) == USB_ISOCHRONOUS;
    if (isochronous) {
      there = swap(40, 4) && swap(44, 4);
    }
    if (!there || !longer || !(swap(48, 4) && swap(52, 4) && swap(56, 4))) {
      return;
    }
    long descriptors = length < USB_NDESC_AT + 4 ? 0 : window.unsignedInt(start + USB_NDESC_AT);
    if (!swap(USB_NDESC_AT, 4) || !isochronous) {
      return;
    }
    int at = USB_DESCRIPTORS_AT;
    for (long i = 0; i < descriptors && at < length; i++) {
      swap(at, 4);
      swap(at + 4, 4);
      swap(at + 8, 4);
      at += USB_DESCRIPTOR_BYTES;
    }
  }
}
