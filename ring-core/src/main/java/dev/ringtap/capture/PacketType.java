package dev.ringtap.capture;

/**
 * For whom a frame was, as the capturing host sees it: the kernel's {@code sll_pkttype}, in its
 * numbers.
 */
public enum PacketType {
  /** For this host. */
  HOST,
  /** To everybody on the link. */
  BROADCAST,
  /** To a group. */
  MULTICAST,
  /** For another host; seen because the interface is promiscuous. */
  OTHERHOST,
  /** Sent by this host. */
  OUTGOING;

  private static final PacketType[] VALUES = values();
  private static final int MAX_ORDINAL = 4;

  /**
   * The type of a {@code sll_pkttype} value; the kernel's internal ones (5 and up) count as HOST.
   */
  static PacketType of(int sllPktType) {
    return VALUES[ordinal(sllPktType)];
  }

  /** The ordinal of the type of an unsigned {@code sll_pkttype}. */
  static int ordinal(int sllPktType) {
    return sllPktType <= MAX_ORDINAL ? sllPktType : 0;
  }
}
