package dev.ringtap.file;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import java.io.IOException;

/**
 * The classic format: a header of 24 bytes, then records of 16 bytes (24 in one old variant) and
 * the frame. Source: libpcap's pcap-savefile(5) and sf-pcap.c.
 */
final class PcapReader extends RecordReader {
  static final int MICROSECOND_MAGIC = 0xA1B2C3D4;
  static final int NANOSECOND_MAGIC = 0xA1B23C4D;

  /** Of a libpcap that Alexey Kuznetzov had changed, as some Linux distributions shipped it. */
  static final int KUZNETZOV_MAGIC = 0xA1B2CD34;

  private static final int FILE_HEADER_BYTES = 24;
  private static final int RECORD_HEADER_BYTES = 16;

  /** That libpcap's records also have an interface's number, EtherType and packet type. */
  private static final int KUZNETZOV_RECORD_HEADER_BYTES = 24;

  /** It may have put an Ethernet header before frames that were captured without one. */
  private static final int KUZNETZOV_ETHERNET_BYTES = 14;

  private static final int LINK_TYPE_BITS = 0xFFFF;
  private static final int RESERVED_BITS = 0x03FF_0000;

  /** Where the two lengths stand: versions before 2.3 had them the other way round. */
  private enum Lengths {
    CAPTURED_FIRST,
    ORIGINAL_FIRST,
    /** Version 2.3: some writers did it the old way, so the smaller one is the captured one. */
    SMALLER_IS_CAPTURED
  }

  private final int recordHeaderBytes;
  private final int nanosPerUnit;
  private final Lengths lengths;
  private final CapturedOn capturedOn;
  private final int maximumLength;
  private int recordBytes;

  /** Reads the file's header, whose first four bytes are in the window. */
  PcapReader(FileWindow window, long deadlineNanos) throws IOException {
    super(window);
    if (!window.has(FILE_HEADER_BYTES, deadlineNanos)) {
      throw window.truncated("file header", FILE_HEADER_BYTES);
    }
    window.setBigEndian(window.unsignedByte(0) == 0xA1);
    boolean kuznetzov = window.int32(0) == KUZNETZOV_MAGIC;
    recordHeaderBytes = kuznetzov ? KUZNETZOV_RECORD_HEADER_BYTES : RECORD_HEADER_BYTES;
    nanosPerUnit = window.int32(0) == NANOSECOND_MAGIC ? 1 : 1000;
    lengths = lengths(window.unsignedShort(4), window.unsignedShort(6));
    int linkField = window.int32(20);
    if ((linkField & RESERVED_BITS) != 0) {
      throw window.fault(
          20,
          "link type field of 0x%s; expected zeros in its reserved bits 0x03ff0000"
              .formatted(Integer.toHexString(linkField)));
    }
    int linkType = linkType(linkField & LINK_TYPE_BITS);
    maximumLength = maximumSnapLength(linkType);
    int snapLength = Math.min(snapLength(window.int32(16), linkType), maximumLength);
    if (kuznetzov && linkType == LinkType.ETHERNET) {
      snapLength += KUZNETZOV_ETHERNET_BYTES;
    }
    capturedOn = new CapturedOn(CaptureId.on(window.fileName()), linkType, snapLength);
    window.advance(FILE_HEADER_BYTES);
  }

  /** Whether the window, which has four bytes, starts like such a file in either byte order. */
  static boolean recognizes(FileWindow window) {
    int magic = window.int32(0);
    return isMagic(magic) || isMagic(Integer.reverseBytes(magic));
  }

  private static boolean isMagic(int magic) {
    return magic == MICROSECOND_MAGIC || magic == NANOSECOND_MAGIC || magic == KUZNETZOV_MAGIC;
  }

  private Lengths lengths(int major, int minor) throws CaptureFileException {
    if (major == 543 && minor == 0) {
      return Lengths.ORIGINAL_FIRST; // DG/UX
    }
    if (major != 2 || minor > 4) {
      throw window.fault(
          4, "pcap version " + major + "." + minor + "; expected one from 2.0 to 2.4");
    }
    if (minor == 3) {
      return Lengths.SMALLER_IS_CAPTURED;
    }
    return minor < 3 ? Lengths.ORIGINAL_FIRST : Lengths.CAPTURED_FIRST;
  }

  @Override
  Outcome next(long deadlineNanos) throws IOException {
    window.advance(recordBytes);
    recordBytes = 0;
    if (isAfterRange()) {
      return Outcome.END;
    }
    if (!window.has(recordHeaderBytes, deadlineNanos)) {
      return nothingMore("record header", recordHeaderBytes);
    }
    long captured = window.unsignedInt(8);
    long original = window.unsignedInt(12);
    if (lengths == Lengths.ORIGINAL_FIRST
        || lengths == Lengths.SMALLER_IS_CAPTURED && captured > original) {
      long first = captured;
      captured = original;
      original = first;
    }
    if (captured > maximumLength) {
      throw window.fault(
          8, "captured length of " + captured + " bytes; expected at most " + maximumLength);
    }
    int length = (int) captured;
    if (!window.has(recordHeaderBytes + length, deadlineNanos)) {
      return nothingMore("record", recordHeaderBytes + captured);
    }
    recordBytes = recordHeaderBytes + length;
    showTime(window.unsignedInt(0), window.unsignedInt(4) * nanosPerUnit, 0);
    show(
        capturedOn,
        (int) original,
        null,
        0,
        0,
        recordHeaderBytes,
        Math.min(length, capturedOn.snapLengthBytes()));
    return Outcome.RECORD;
  }

  @Override
  long nextOffset() {
    return window.offset() + recordBytes;
  }

  @Override
  void enter(FileRange range) throws IOException {
    super.enter(range);
    if (range.startBytes() < FILE_HEADER_BYTES) {
      window.seek(FILE_HEADER_BYTES);
    }
  }

  private Outcome nothingMore(String what, long needed) throws CaptureFileException {
    if (!window.inputEnded()) {
      return Outcome.LATER;
    }
    if (window.available() == 0) {
      return Outcome.END;
    }
    throw window.truncated(what, needed);
  }
}
