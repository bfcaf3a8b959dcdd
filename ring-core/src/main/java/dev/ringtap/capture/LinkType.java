package dev.ringtap.capture;

/**
 * The LINKTYPE values that a live capture delivers; files may carry any other. Source:
 * https://www.tcpdump.org/linktypes.html.
 */
public final class LinkType {
  public static final int ETHERNET = 1;

  /** IPv4 or IPv6, told apart by the first half byte. */
  public static final int RAW_IP = 101;

  public static final int IEEE802_11 = 105;

  /** Linux "cooked": a header of 16 bytes in place of the device's own. */
  public static final int LINUX_SLL = 113;

  public static final int IEEE802_11_PRISM = 119;
  public static final int IEEE802_11_RADIOTAP = 127;

  /** Netlink messages, after a header of {@link #LINUX_SLL}'s layout. */
  public static final int NETLINK = 253;

  /** Linux "cooked", version 2: 20 bytes, the number of the frame's interface among them. */
  public static final int LINUX_SLL2 = 276;

  /** Ethernet with a tag of the switch chip that the interface is the conduit of. */
  public static final int DSA_TAG_BRCM = 281;

  public static final int DSA_TAG_BRCM_PREPEND = 282;
  public static final int DSA_TAG_DSA = 284;
  public static final int DSA_TAG_EDSA = 285;

  /** Bytes without a documented meaning, such as Ethernet with another switch chip's tag. */
  public static final int DEBUG_ONLY = 303;

  static final int ETHERNET_TYPE_AT = 12;
  private static final int SLL_TYPE_AT = 14;

  private LinkType() {}

  /**
   * Where a tag that was taken off goes back, in bytes from the payload's start: libpcap's {@code
   * vlan_offset}.
   *
   * @return the offset, or {@link Integer#MAX_VALUE} where libpcap leaves the tag out: raw IP has
   *     no place for one, and into SLL2 it puts none
   */
  public static int tagOffset(int linkType) {
    return switch (linkType) {
      case ETHERNET -> ETHERNET_TYPE_AT;
      case LINUX_SLL -> SLL_TYPE_AT;
      default -> Integer.MAX_VALUE;
    };
  }

  /** A short name, or the number. */
  static String name(int linkType) {
    return switch (linkType) {
      case ETHERNET -> "Ethernet";
      case RAW_IP -> "raw IP";
      case LINUX_SLL -> "Linux cooked";
      case LINUX_SLL2 -> "Linux cooked v2";
      case IEEE802_11, IEEE802_11_PRISM, IEEE802_11_RADIOTAP -> "802.11";
      case NETLINK -> "netlink";
      case DSA_TAG_BRCM, DSA_TAG_BRCM_PREPEND, DSA_TAG_DSA, DSA_TAG_EDSA ->
          "Ethernet with a DSA tag";
      case DEBUG_ONLY -> "undocumented";
      default -> "link type " + linkType;
    };
  }
}
