package dev.ringtap.capture;

import dev.ringtap.linux.Tpacket3Hdr;

/** Bits of {@link Frame#flags} and of a record's {@code flags}. */
public final class FrameFlags {
  /** The time is the network card's clock, not the kernel's: {@code TP_STATUS_TS_RAW_HARDWARE}. */
  public static final int HARDWARE_CLOCK = 1;

  /**
   * The checksums are not filled in yet, as in frames of a local sender: {@code
   * TP_STATUS_CSUMNOTREADY}.
   */
  public static final int CHECKSUM_NOT_READY = 2;

  /**
   * The frame holds several TCP segments that the card or the kernel has merged, or has not split
   * yet (GRO, GSO): {@code TP_STATUS_GSO_TCP}, set since Linux 6.2.
   */
  public static final int MERGED = 4;

  private FrameFlags() {}

  /** The flags of a {@code tp_status}. */
  static int ofStatus(int status) {
    return (status & Tpacket3Hdr.TP_STATUS_TS_RAW_HARDWARE) >>> 31
        | (status & Tpacket3Hdr.TP_STATUS_CSUMNOTREADY) >>> 2
        | (status & Tpacket3Hdr.TP_STATUS_GSO_TCP) >>> 6;
  }

  /** The {@code tp_status} bits of flags. */
  static int toStatus(int flags) {
    return (flags & HARDWARE_CLOCK) << 31
        | (flags & CHECKSUM_NOT_READY) << 2
        | (flags & MERGED) << 6;
  }
}
