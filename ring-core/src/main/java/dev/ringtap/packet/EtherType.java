package dev.ringtap.packet;

/**
 * EtherTypes as assigned by the IEEE Registration Authority, those that this package looks into.
 */
public final class EtherType {
  public static final int IPV4 = 0x0800;
  public static final int ARP = 0x0806;
  public static final int RARP = 0x8035;
  public static final int IPV6 = 0x86DD;

  /** IEEE 802.1Q customer tag. */
  public static final int VLAN = 0x8100;

  /** IEEE 802.1ad service tag. */
  public static final int QINQ = 0x88A8;

  /** The service tag of switches from before 802.1ad. */
  public static final int QINQ_OLD = 0x9100;

  /** Below it the field is no type but the length of an IEEE 802.3 frame (IEEE 802.3, 3.2.6). */
  public static final int FIRST = 0x0600;

  private EtherType() {}

  /** Whether a VLAN tag follows the type. */
  static boolean isVlanTag(int type) {
    return type == VLAN || type == QINQ || type == QINQ_OLD;
  }
}
