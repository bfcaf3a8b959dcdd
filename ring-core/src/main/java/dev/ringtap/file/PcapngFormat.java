package dev.ringtap.file;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.FrameFlags;
import dev.ringtap.capture.PacketType;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Numbers of the format that both sides need. Source: IETF draft-ietf-opsawg-pcapng. */
final class PcapngFormat {
  static final int SECTION_HEADER = 0x0A0D0D0A;
  static final int INTERFACE_DESCRIPTION = 1;
  static final int PACKET = 2;
  static final int SIMPLE_PACKET = 3;
  static final int INTERFACE_STATISTICS = 5;
  static final int ENHANCED_PACKET = 6;
  static final int DECRYPTION_SECRETS = 10;

  static final int BYTE_ORDER_MAGIC = 0x1A2B3C4D;

  /** Secrets that are a TLS key log, "TLSK". */
  static final int TLS_KEY_LOG = 0x544c534b;

  static final int OPTION_END = 0;
  static final int OPTION_COMMENT = 1;
  static final int SHB_HARDWARE = 2;
  static final int SHB_OS = 3;
  static final int SHB_USER_APPLICATION = 4;
  static final int IF_NAME = 2;
  static final int IF_DESCRIPTION = 3;
  static final int IF_TSRESOL = 9;
  static final int IF_TSOFFSET = 14;
  static final int EPB_FLAGS = 2;
  static final int EPB_DROP_COUNT = 4;
  static final int ISB_START_TIME = 2;
  static final int ISB_END_TIME = 3;
  static final int ISB_RECEIVED = 4;
  static final int ISB_DROPPED = 5;

  static final int BLOCK_FRAME_BYTES = 12;
  static final int SECTION_HEADER_BYTES = 28;
  static final int INTERFACE_DESCRIPTION_BYTES = 20;
  static final int DECRYPTION_SECRETS_BYTES = 20;
  static final int SIMPLE_PACKET_BYTES = 16;
  static final int ENHANCED_PACKET_BYTES = 32;
  static final int INTERFACE_STATISTICS_BYTES = 24;

  private static final int DIRECTION_BITS = 3;
  private static final int INBOUND = 1;
  private static final int OUTBOUND = 2;
  private static final int RECEPTION_SHIFT = 2;
  private static final int RECEPTION_BITS = 7;
  private static final int UNICAST = 1;
  private static final int MULTICAST = 2;
  private static final int BROADCAST = 3;
  private static final int PROMISCUOUS = 4;
  private static final int CHECKSUM_NOT_READY = 1 << 9;
  private static final int SEGMENTATION_OFFLOADED = 1 << 11;

  /** An if_description that tells which capture an interface was. */
  private static final Pattern CAPTURE =
      Pattern.compile("Ringtap host=(.*) captureStart=(\\S+) member=([0-9]{1,9})");

  private PcapngFormat() {}

  /** The if_description of a capture, empty if only its interface is known. */
  static String description(CaptureId capture) {
    return capture.equals(CaptureId.on(capture.interfaceName()))
        ? ""
        : "Ringtap host=%s captureStart=%s member=%s"
            .formatted(capture.host(), capture.start(), capture.member());
  }

  /** The capture that an interface was, as far as {@link #description} tells. */
  static CaptureId capture(String interfaceName, String description) {
    Matcher told = CAPTURE.matcher(description);
    if (told.matches()) {
      try {
        return new CaptureId(
            told.group(1),
            interfaceName,
            Instant.parse(told.group(2)),
            Integer.parseInt(told.group(3)));
      } catch (DateTimeException | ArithmeticException e) {
        // another program's words after all
      }
    }
    return CaptureId.on(interfaceName);
  }

  /** The packet type that epb_flags tells, or null if it does not. */
  static @Nullable PacketType packetType(int flags) {
    if ((flags & DIRECTION_BITS) == OUTBOUND) {
      return PacketType.OUTGOING;
    }
    return switch (flags >>> RECEPTION_SHIFT & RECEPTION_BITS) {
      case UNICAST -> PacketType.HOST;
      case MULTICAST -> PacketType.MULTICAST;
      case BROADCAST -> PacketType.BROADCAST;
      case PROMISCUOUS -> PacketType.OTHERHOST;
      default -> null;
    };
  }

  /** What {@link FrameFlags} have of epb_flags. */
  static int frameFlags(int flags) {
    return ((flags & CHECKSUM_NOT_READY) == 0 ? 0 : FrameFlags.CHECKSUM_NOT_READY)
        | ((flags & SEGMENTATION_OFFLOADED) == 0 ? 0 : FrameFlags.MERGED);
  }

  /** The epb_flags from which {@link #packetType} and {@link #frameFlags} find theirs again. */
  static int flags(PacketType type, int frameFlags) {
    return flags(type)
        | ((frameFlags & FrameFlags.CHECKSUM_NOT_READY) == 0 ? 0 : CHECKSUM_NOT_READY)
        | ((frameFlags & FrameFlags.MERGED) == 0 ? 0 : SEGMENTATION_OFFLOADED);
  }

  private static int flags(PacketType type) {
    return switch (type) {
      case BROADCAST -> INBOUND | BROADCAST << RECEPTION_SHIFT;
      case MULTICAST -> INBOUND | MULTICAST << RECEPTION_SHIFT;
      case OTHERHOST -> INBOUND | PROMISCUOUS << RECEPTION_SHIFT;
      case OUTGOING -> OUTBOUND;
      default -> INBOUND | UNICAST << RECEPTION_SHIFT;
    };
  }

  static int padded(int bytes) {
    return bytes + 3 & -4;
  }
}
