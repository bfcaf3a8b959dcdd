package dev.ringtap.packet;

/** What tcpdump calls the EtherTypes that are met in the field. */
final class EtherTypeNames {
  private EtherTypeNames() {}

  static String of(int type) {
    return switch (type) {
      case EtherType.IPV4 -> "IPv4";
      case EtherType.ARP -> "ARP";
      case EtherType.RARP -> "Reverse ARP";
      case EtherType.IPV6 -> "IPv6";
      case EtherType.VLAN -> "802.1Q";
      case EtherType.QINQ -> "802.1Q-QinQ";
      case EtherType.QINQ_OLD -> "802.1Q-9100";
      case 0x6558 -> "TEB";
      case 0x8137 -> "IPX";
      case 0x8808 -> "MPCP";
      case 0x8809 -> "Slow Protocols";
      case 0x8847 -> "MPLS unicast";
      case 0x8848 -> "MPLS multicast";
      case 0x8863 -> "PPPoE D";
      case 0x8864 -> "PPPoE S";
      case 0x888E -> "EAPOL";
      case 0x88A2 -> "AoE";
      case 0x88CA -> "TIPC";
      case 0x88CC -> "LLDP";
      case 0x88E5 -> "802.1AE MACsec";
      case 0x88F7 -> "PTP";
      case 0x8902 -> "CFM";
      case 0x894F -> "NSH";
      case 0x9000 -> "Loopback";
      default -> "Unknown";
    };
  }
}
