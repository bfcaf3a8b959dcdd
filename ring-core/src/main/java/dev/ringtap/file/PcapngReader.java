package dev.ringtap.file;

import static dev.ringtap.file.PcapngFormat.padded;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.PacketType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The pcapng format: sections of blocks, each block framed by its total length. Packet, interface
 * and section blocks are read; all others are skipped unread. Source: IETF
 * draft-ietf-opsawg-pcapng; where it leaves room, libpcap's sf-pcapng.c.
 */
final class PcapngReader extends RecordReader {
  /** Options are allowed this much beside the frame, and every block this much, as in libpcap. */
  private static final int MOST_OPTIONS_BYTES = 128 << 10;

  private static final int MOST_BLOCK_BYTES = 16 << 20;

  /** Of a section: a small compressed file can describe them by the million. */
  static final int MOST_INTERFACES = 1 << 14;

  /** A name is in each of its interface's records; longer ones are cut. */
  static final int MOST_NAME_BYTES = 256;

  private static final int TRAILER_BYTES = 4;
  private static final int OPTION_HEADER_BYTES = 4;
  private static final int DATA_OFFSET = 28;
  private static final int SIMPLE_DATA_OFFSET = 12;
  private static final int UNKNOWN_DROP_COUNT = 0xFFFF;

  /** What stands before a range was there when the range was made. */
  private static final long PRELUDE_NANOS = 10_000_000_000L;

  private record Interface(CapturedOn capturedOn, TimestampUnit unit) {}

  private final List<Interface> interfaces = new ArrayList<>();
  private int mostBlockBytes = MOST_BLOCK_BYTES;

  /** Bytes of the current block, which the next call skips. */
  private int blockBytes;

  /** The block's end while it is being skipped: bytes before its trailer, and the trailer. */
  private long bytesToSkip;

  private long expectedTrailer;

  /** Where the section and its interfaces so far are described. */
  private final List<Long> described = new ArrayList<>();

  /** A copy for those who ask, null once there are more. */
  private @Nullable List<Long> sectionBlockOffsets;

  private @Nullable PacketType flaggedType;
  private int frameFlags;
  private long dropCount;

  PcapngReader(FileWindow window) {
    super(window);
  }

  /** Whether the window, which has four bytes, starts like such a file. */
  static boolean recognizes(FileWindow window) {
    return window.int32(0) == PcapngFormat.SECTION_HEADER;
  }

  @Override
  Outcome next(long deadlineNanos) throws IOException {
    window.advance(blockBytes);
    blockBytes = 0;
    while (skipped(deadlineNanos)) {
      if (isAfterRange()) {
        return Outcome.END;
      }
      if (!window.has(PcapngFormat.BLOCK_FRAME_BYTES, deadlineNanos)) {
        return nothingMore("block header", PcapngFormat.BLOCK_FRAME_BYTES);
      }
      int type = window.int32(0);
      if (type == PcapngFormat.SECTION_HEADER) {
        readByteOrder();
      }
      long length = window.unsignedInt(4);
      int least = leastBytes(type);
      if (length < least || length % 4 != 0 && !isAtStart()) {
        throw window.fault(
            4, "block length of " + length + "; expected a multiple of 4, at least " + least);
      }
      if (least == PcapngFormat.BLOCK_FRAME_BYTES) {
        bytesToSkip = length - TRAILER_BYTES;
        expectedTrailer = length;
        continue;
      }
      if (length > mostBlockBytes) {
        throw window.fault(4, "block length of " + length + "; expected at most " + mostBlockBytes);
      }
      if (!window.has((int) length, deadlineNanos)) {
        return nothingMore("block", length);
      }
      // as in libpcap, which looks for nothing but the magic numbers there
      if (!isAtStart()) {
        checkTrailer((int) length - TRAILER_BYTES, length);
      }
      if (read(type, (int) length)) {
        blockBytes = (int) length;
        return Outcome.RECORD;
      }
      window.advance((int) length);
    }
    return Outcome.LATER;
  }

  @Override
  long nextOffset() {
    return window.offset() + blockBytes;
  }

  @Override
  List<Long> sectionBlockOffsets() {
    if (sectionBlockOffsets == null) {
      sectionBlockOffsets = List.copyOf(described);
    }
    return sectionBlockOffsets;
  }

  @Override
  void enter(FileRange range) throws IOException {
    for (long offset : range.sectionBlockOffsets()) {
      window.seek(offset);
      long deadlineNanos = System.nanoTime() + PRELUDE_NANOS;
      if (!window.has(PcapngFormat.BLOCK_FRAME_BYTES, deadlineNanos)) {
        throw window.truncated("block header", PcapngFormat.BLOCK_FRAME_BYTES);
      }
      int type = window.int32(0);
      if (type == PcapngFormat.SECTION_HEADER) {
        readByteOrder();
      } else if (type != PcapngFormat.INTERFACE_DESCRIPTION) {
        throw window.fault(
            0, "block of type " + type + "; expected a section or an interface: did it change?");
      }
      long length = window.unsignedInt(4);
      if (length < leastBytes(type)
          || length > mostBlockBytes
          || !window.has((int) length, deadlineNanos)) {
        throw window.fault(4, "block length of " + length + "; expected that of a whole block");
      }
      if (!isAtStart()) {
        checkTrailer((int) length - TRAILER_BYTES, length);
      }
      read(type, (int) length);
    }
    super.enter(range);
  }

  /** Whether the window stands at the section header that the file begins with. */
  private boolean isAtStart() {
    return window.offset() == 0;
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

  /** Leaves a block after whose content does not matter; false if its end has not come yet. */
  private boolean skipped(long deadlineNanos) throws IOException {
    if (expectedTrailer == 0) {
      return true;
    }
    bytesToSkip = window.skip(bytesToSkip, deadlineNanos);
    if (bytesToSkip > 0 || !window.has(TRAILER_BYTES, deadlineNanos)) {
      if (window.inputEnded()) {
        throw window.truncated("rest of a block", bytesToSkip + TRAILER_BYTES);
      }
      return false;
    }
    checkTrailer(0, expectedTrailer);
    window.advance(TRAILER_BYTES);
    expectedTrailer = 0;
    return true;
  }

  private void checkTrailer(int index, long length) throws CaptureFileException {
    if (window.unsignedInt(index) != length) {
      throw window.fault(
          index,
          "block length of %s in the trailer; expected %s as in the header"
              .formatted(window.unsignedInt(index), length));
    }
  }

  /** The section header is the one block that can be told before the byte order is known. */
  private void readByteOrder() throws CaptureFileException {
    window.setBigEndian(window.unsignedByte(8) == 0x1A);
    if (window.int32(8) != PcapngFormat.BYTE_ORDER_MAGIC) {
      throw window.fault(
          8,
          "byte-order magic of 0x%s; expected 0x1a2b3c4d in either order"
              .formatted(Integer.toHexString(window.int32(8))));
    }
  }

  /** Least length of a block that is read, the frame around a block for one that is skipped. */
  private static int leastBytes(int type) {
    return switch (type) {
      case PcapngFormat.SECTION_HEADER -> PcapngFormat.SECTION_HEADER_BYTES;
      case PcapngFormat.INTERFACE_DESCRIPTION -> PcapngFormat.INTERFACE_DESCRIPTION_BYTES;
      case PcapngFormat.PACKET, PcapngFormat.ENHANCED_PACKET -> PcapngFormat.ENHANCED_PACKET_BYTES;
      case PcapngFormat.SIMPLE_PACKET -> PcapngFormat.SIMPLE_PACKET_BYTES;
      default -> PcapngFormat.BLOCK_FRAME_BYTES;
    };
  }

  /** Reads a whole block; true if it shows a record. */
  private boolean read(int type, int length) throws CaptureFileException {
    return switch (type) {
      case PcapngFormat.SECTION_HEADER -> {
        readSectionHeader();
        yield false;
      }
      case PcapngFormat.INTERFACE_DESCRIPTION -> {
        readInterface(length);
        yield false;
      }
      case PcapngFormat.SIMPLE_PACKET -> {
        readSimplePacket(length);
        yield true;
      }
      case PcapngFormat.PACKET -> {
        int drops = window.unsignedShort(10);
        readPacket(window.unsignedShort(8), drops == UNKNOWN_DROP_COUNT ? 0 : drops, length);
        yield true;
      }
      default -> {
        readPacket(window.unsignedInt(8), 0, length);
        yield true;
      }
    };
  }

  private void readSectionHeader() throws CaptureFileException {
    int major = window.unsignedShort(12);
    int minor = window.unsignedShort(14);
    // 1.2 has been written for 1.0; of later sections libpcap asks the major version alone
    if (major != 1 || isAtStart() && minor != 0 && minor != 2) {
      throw window.fault(12, "pcapng version " + major + "." + minor + "; expected 1.0 or 1.2");
    }
    interfaces.clear();
    described.clear();
    describe();
  }

  /** A range that begins after this block must have read it. */
  private void describe() {
    if (window.isPacked()) {
      return;
    }
    described.add(window.offset());
    sectionBlockOffsets = null;
  }

  private void readInterface(int length) throws CaptureFileException {
    if (interfaces.size() == MOST_INTERFACES) {
      throw window.fault(
          0, "a further interface of the section; expected at most " + MOST_INTERFACES);
    }
    int linkType = linkType(window.unsignedShort(8));
    String name = "";
    String description = "";
    TimestampUnit unit = TimestampUnit.MICROSECOND;
    long offsetSeconds = 0;
    boolean hasUnit = false;
    boolean hasOffset = false;
    int end = length - TRAILER_BYTES;
    for (int at = 16; at < end; at = nextOption(at, end)) {
      int code = window.unsignedShort(at);
      int valueLength = optionLength(at, end);
      if (code == PcapngFormat.OPTION_END) {
        requireLength(at, "opt_endofopt", valueLength, 0);
        break;
      }
      if (code == PcapngFormat.IF_NAME) {
        name = text(at + 4, valueLength);
      } else if (code == PcapngFormat.IF_DESCRIPTION) {
        description = text(at + 4, valueLength);
      } else if (code == PcapngFormat.IF_TSRESOL) {
        requireLength(at, "if_tsresol", valueLength, 1);
        requireFirst(at, "if_tsresol", hasUnit);
        hasUnit = true;
        unit = TimestampUnit.of(window.unsignedByte(at + 4));
        if (unit == null) {
          throw window.fault(
              at + 4,
              "if_tsresol of 0x%s; expected a resolution down to 10^-19 or 2^-63 s"
                  .formatted(Integer.toHexString(window.unsignedByte(at + 4))));
        }
      } else if (code == PcapngFormat.IF_TSOFFSET) {
        requireLength(at, "if_tsoffset", valueLength, 8);
        requireFirst(at, "if_tsoffset", hasOffset);
        hasOffset = true;
        offsetSeconds = window.int64(at + 4);
      }
    }
    CaptureId capture =
        PcapngFormat.capture(name.isEmpty() ? window.fileName() : name, description);
    CapturedOn capturedOn =
        new CapturedOn(capture, linkType, snapLength(window.int32(12), linkType));
    interfaces.add(new Interface(capturedOn, unit.from(offsetSeconds)));
    describe();
    int mostWithData =
        PcapngFormat.ENHANCED_PACKET_BYTES + maximumSnapLength(linkType) + MOST_OPTIONS_BYTES;
    mostBlockBytes = Math.max(mostBlockBytes, mostWithData);
  }

  /** A name or description, cut to a limit; some writers end it with zeros. */
  private String text(int index, int length) {
    int used = length;
    while (used > 0 && window.unsignedByte(index + used - 1) == 0) {
      used--;
    }
    if (used > MOST_NAME_BYTES) {
      used = MOST_NAME_BYTES;
      while ((window.unsignedByte(index + used) & 0xC0) == 0x80 && used > 0) {
        used--;
      }
    }
    byte[] utf8 = new byte[used];
    for (int i = 0; i < used; i++) {
      utf8[i] = (byte) window.unsignedByte(index + i);
    }
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** The length of the option at an index; its header and value lie before the end. */
  private int optionLength(int at, int end) throws CaptureFileException {
    int length = window.unsignedShort(at + 2);
    if (at + 4 + padded(length) > end) {
      throw window.fault(
          at + 2,
          "option %s of %s bytes; expected at most the %s that are left of the block"
              .formatted(window.unsignedShort(at), length, end - at - 4));
    }
    return length;
  }

  private int nextOption(int at, int end) throws CaptureFileException {
    return at + 4 + padded(optionLength(at, end));
  }

  private void requireLength(int at, String option, int length, int expected)
      throws CaptureFileException {
    if (length != expected) {
      throw window.fault(at + 2, option + " of " + length + " bytes; expected " + expected);
    }
  }

  private void requireFirst(int at, String option, boolean again) throws CaptureFileException {
    if (again) {
      throw window.fault(at, "a second " + option + "; expected at most one for an interface");
    }
  }

  private void readSimplePacket(int length) throws CaptureFileException {
    Interface on = interfaceOf(0);
    CapturedOn capturedOn = on.capturedOn();
    long captured = Math.min(window.unsignedInt(8), capturedOn.snapLengthBytes());
    int room = length - PcapngFormat.SIMPLE_PACKET_BYTES;
    if (captured > room) {
      throw window.fault(
          8, "captured length of " + captured + " bytes; expected at most the block's " + room);
    }
    // it has no time; as in libpcap that is 0, from which if_tsoffset counts
    showTime(on.unit().seconds(0), 0, 0);
    show(capturedOn, window.int32(8), null, 0, 0, SIMPLE_DATA_OFFSET, (int) captured);
  }

  private void readPacket(long interfaceId, long drops, int length) throws CaptureFileException {
    Interface on = interfaceOf(interfaceId);
    long captured = window.unsignedInt(20);
    int most =
        Math.min(on.capturedOn().snapLengthBytes(), length - PcapngFormat.ENHANCED_PACKET_BYTES);
    if (captured > most) {
      throw window.fault(
          20,
          ("captured length of %s bytes; expected at most %s by the interface's snap length"
                  + " and the block's length")
              .formatted(captured, most));
    }
    flaggedType = null;
    frameFlags = 0;
    dropCount = drops;
    readPacketOptions(DATA_OFFSET + padded((int) captured), length - TRAILER_BYTES);
    long units = window.unsignedInt(12) << 32 | window.unsignedInt(16);
    showTime(on.unit().seconds(units), on.unit().nanos(units), 12);
    show(
        on.capturedOn(),
        window.int32(24),
        flaggedType,
        frameFlags,
        dropCount,
        DATA_OFFSET,
        (int) captured);
  }

  /**
   * Flags and drop count, which have the same codes in the obsolete packet block. The frame before
   * them is good whatever they are, so one that makes no sense is passed over, and so is all that
   * follows one whose length makes none.
   */
  private void readPacketOptions(int start, int end) {
    for (int at = start; at + OPTION_HEADER_BYTES <= end; ) {
      int code = window.unsignedShort(at);
      int valueLength = window.unsignedShort(at + 2);
      int next = at + OPTION_HEADER_BYTES + padded(valueLength);
      if (code == PcapngFormat.OPTION_END || next > end) {
        return;
      }
      if (code == PcapngFormat.EPB_FLAGS && valueLength == 4) {
        int flags = window.int32(at + OPTION_HEADER_BYTES);
        flaggedType = PcapngFormat.packetType(flags);
        frameFlags = PcapngFormat.frameFlags(flags);
      } else if (code == PcapngFormat.EPB_DROP_COUNT && valueLength == 8) {
        dropCount = Math.max(0, window.int64(at + OPTION_HEADER_BYTES));
      }
      at = next;
    }
  }

  private Interface interfaceOf(long id) throws CaptureFileException {
    if (id >= interfaces.size()) {
      throw window.fault(
          8,
          ("packet of interface %s; expected one of the %s that the section has described so"
                  + " far")
              .formatted(id, interfaces.size()));
    }
    return interfaces.get((int) id);
  }
}
