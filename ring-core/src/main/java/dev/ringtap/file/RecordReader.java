package dev.ringtap.file;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one capture format record by record and shows the current record. Not thread-safe. */
abstract class RecordReader {
  static final int MAXIMUM_SNAP_LENGTH = 262_144;

  private static final int LINKTYPE_DBUS = 231;
  private static final int LINKTYPE_USBPCAP = 249;
  private static final int LINKTYPE_EBHSCR = 279;
  private static final int MAC_ADDRESS_BYTES = 6;
  private static final int SLL2_PACKET_TYPE_OFFSET = 10;
  private static final PacketType[] PACKET_TYPES = PacketType.values();
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** What {@link #next} came to. */
  enum Outcome {
    RECORD,
    LATER,
    END
  }

  /** Where a record was captured; one object for each interface of a file. */
  record CapturedOn(CaptureId capture, int linkType, int snapLengthBytes) {}

  final FileWindow window;

  /** Records that begin here or after are not read. */
  private long endBytes = Long.MAX_VALUE;

  private CapturedOn capturedOn;
  private long timestampNanos;
  private int originalLength;
  private PacketType packetType;
  private int flags;
  private long lostBefore;
  private int payloadIndex;
  private int payloadLength;

  @SuppressWarnings("NullAway.Init") // next shows a record before one is asked for
  RecordReader(FileWindow window) {
    this.window = window;
  }

  /**
   * Moves to the next record. The window stands still until the next call.
   *
   * @param deadlineNanos when to give up waiting for bytes, by {@link System#nanoTime}
   */
  abstract Outcome next(long deadlineNanos) throws IOException;

  /**
   * Offset of the record that the next call will move to, or of what stands before it, in bytes
   * from the start of the file.
   */
  abstract long nextOffset();

  /**
   * Offsets of the blocks that a reader must have read before one that starts at {@link
   * #nextOffset}; none where the file's header is enough.
   */
  List<Long> sectionBlockOffsets() {
    return List.of();
  }

  /** Goes to the range's first record. The file's header was read. */
  void enter(FileRange range) throws IOException {
    window.seek(range.startBytes());
    endBytes = range.endBytes();
  }

  /** Whether the window stands after the range that was entered. */
  final boolean isAfterRange() {
    return window.offset() >= endBytes;
  }

  final long endBytes() {
    return endBytes;
  }

  final CapturedOn capturedOn() {
    return capturedOn;
  }

  final long timestampNanos() {
    return timestampNanos;
  }

  final int originalLength() {
    return originalLength;
  }

  final PacketType packetType() {
    return packetType;
  }

  /** Bits of {@link dev.ringtap.capture.FrameFlags}. */
  final int flags() {
    return flags;
  }

  final long lostBefore() {
    return lostBefore;
  }

  /** Offset of the payload in the window's memory. */
  final int payloadOffset() {
    return window.memoryOffset(payloadIndex);
  }

  final int payloadLength() {
    return payloadLength;
  }

  /**
   * Sets the current record except its time.
   *
   * @param originalLength unsigned; from 2^31 on shown as 2^31 - 1
   * @param packetType null if it is to be taken from the payload
   */
  final void show(
      CapturedOn capturedOn,
      int originalLength,
      @Nullable PacketType packetType,
      int flags,
      long lostBefore,
      int payloadIndex,
      int payloadLength) {
    this.capturedOn = capturedOn;
    this.originalLength = originalLength < 0 ? Integer.MAX_VALUE : originalLength;
    this.flags = flags;
    this.lostBefore = lostBefore;
    this.payloadIndex = payloadIndex;
    this.payloadLength = payloadLength;
    if (window.isBigEndian() && ByteOrderFixup.areIn(capturedOn.linkType())) {
      ByteOrderFixup.swap(
          window, capturedOn.linkType(), payloadIndex, payloadLength, this.originalLength);
    }
    this.packetType = packetType == null ? packetTypeOfPayload() : packetType;
  }

  /**
   * Sets the current record's time.
   *
   * @throws CaptureFileException if it does not fit the 32 bits of seconds that a block has
   */
  final void showTime(long seconds, long nanos, int index) throws CaptureFileException {
    long wholeSeconds = seconds + nanos / NANOS_PER_SECOND;
    if (seconds < 0 || wholeSeconds > 0xFFFF_FFFFL) {
      throw window.fault(
          index, "time stamp of " + seconds + " s since 1970; expected one from 1970 to 2106");
    }
    timestampNanos = wholeSeconds * NANOS_PER_SECOND + nanos % NANOS_PER_SECOND;
  }

  /** As a capture does it that knows no more than the frame: by destination address. */
  private PacketType packetTypeOfPayload() {
    return switch (capturedOn.linkType()) {
      case LinkType.ETHERNET ->
          payloadLength < MAC_ADDRESS_BYTES ? PacketType.HOST : byDestination();
      case LinkType.LINUX_SLL ->
          payloadLength < 2
              ? PacketType.HOST
              : byNumber(
                  window.unsignedByte(payloadIndex) << 8 | window.unsignedByte(payloadIndex + 1));
      case LinkType.LINUX_SLL2 ->
          payloadLength <= SLL2_PACKET_TYPE_OFFSET
              ? PacketType.HOST
              : byNumber(window.unsignedByte(payloadIndex + SLL2_PACKET_TYPE_OFFSET));
      default -> PacketType.HOST;
    };
  }

  private PacketType byDestination() {
    if ((window.unsignedByte(payloadIndex) & 1) == 0) {
      return PacketType.HOST;
    }
    for (int i = 0; i < MAC_ADDRESS_BYTES; i++) {
      if (window.unsignedByte(payloadIndex + i) != 0xFF) {
        return PacketType.MULTICAST;
      }
    }
    return PacketType.BROADCAST;
  }

  private static PacketType byNumber(int sllPacketType) {
    return sllPacketType < PACKET_TYPES.length ? PACKET_TYPES[sllPacketType] : PacketType.HOST;
  }

  /** Some writers store the number that Linux has for a link type where files have another. */
  static int linkType(int found) {
    return switch (found) {
      case 11 ->
          // DLT_ATM_RFC1483
          100;
      case 12 ->
          // DLT_RAW
          LinkType.RAW_IP;
      case 15 ->
          // DLT_SLIP_BSDOS
          102;
      case 16 ->
          // DLT_PPP_BSDOS
          103;
      case 19 ->
          // DLT_ATM_CLIP
          106;
      default -> found;
    };
  }

  /**
   * Most bytes of a frame that libpcap takes for sane: its max_snaplen_for_dlt, except for D-Bus,
   * where that is 128 MiB, which a small compressed file can claim and have.
   */
  static int maximumSnapLength(int linkType) {
    return switch (linkType) {
      case LINKTYPE_DBUS -> 16 << 20;
      case LINKTYPE_EBHSCR -> 8 << 20;
      case LINKTYPE_USBPCAP -> 1 << 20;
      default -> MAXIMUM_SNAP_LENGTH;
    };
  }

  /** A file's snap length; where it is bogus, the link type's maximum, as libpcap takes it. */
  static int snapLength(int found, int linkType) {
    return found <= 0 ? maximumSnapLength(linkType) : found;
  }
}
