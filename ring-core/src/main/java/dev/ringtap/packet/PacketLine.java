package dev.ringtap.packet;

import dev.ringtap.capture.ByteView;
import dev.ringtap.capture.LinkType;
import dev.ringtap.capture.PacketType;
import dev.ringtap.capture.VlanTag;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Packets as lines of text, worded as {@code tcpdump -e -n -S} words them:
 *
 * <pre>{@code
 * 2026-01-02 03:04:05.123456789 eth0 In  02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 98: 10.0.0.1.1234 > 10.0.0.2.53: UDP, length 56
 * }</pre>
 *
 * <p>In front stand the time with nanoseconds, the interface and for whom the packet was: {@code
 * In} for this host, {@code B} to all, {@code M} to a group, {@code P} for another host, {@code
 * Out} from this host. From the link-layer header on a line equals tcpdump 4.99's, except this:
 *
 * <ul>
 *   <li>It is one line, without trailing blanks; nothing is dumped in hex.
 *   <li>It ends with the transport header. No application protocol is looked into, whatever the
 *       port; of SCTP only the ports are shown, and of protocols other than TCP, UDP, SCTP, ICMP,
 *       ICMPv6, AH, ESP and IP in IP only number and length. Of MPLS, PPPoE, LLDP and the like, of
 *       IEEE 802.2 and of IPv6 routing headers there is the header alone.
 *   <li>TCP options other than those of RFC 9293, RFC 7323 and RFC 2018 are shown by number.
 *   <li>An IPv4 or IPv6 length of 0 means "all there is", as segmentation offload leaves it.
 *   <li>Linux cooked captures: interface and direction are in front, not repeated.
 *   <li>A comma follows the type of MLD messages, and no {@code >} the TCP options that are cut
 *       off.
 *   <li>VLAN tags are those that {@link PacketHeaders} knows; 0x9200 is none.
 * </ul>
 *
 * <p>A packet that was cut off ends with the layer that is not whole: {@code [|tcp]}. No bytes make
 * it throw. All text comes from numbers but the interface name, in which characters that are no
 * visible ones become {@code ?}, so nothing from the wire controls a terminal.
 *
 * <p>Immutable and thread-safe.
 */
public final class PacketLine {
  private static final int ETHERNET_BYTES = 14;
  private static final int SLL_BYTES = 16;
  private static final int SLL2_BYTES = 20;

  /** What is no more than this is a length, and no EtherType, to tcpdump. */
  private static final int MAX_IEEE_802_3_LENGTH = 1500;

  private final DateTimeFormatter time;

  /** Lines with the time in UTC. */
  public PacketLine() {
    this(ZoneOffset.UTC);
  }

  /** Lines with the time in a zone. */
  public PacketLine(ZoneId zone) {
    time = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSSSSS", Locale.ROOT).withZone(zone);
  }

  /**
   * The line of one packet, without a line separator.
   *
   * @param timestampNanos nanoseconds since 1970 UTC
   * @param originalLength length on the wire in bytes
   * @param linkType LINKTYPE value of the packet's first header
   * @param memory holds the packet, VLAN tags in place
   * @param offset of the packet's first byte, in bytes
   * @param length bytes captured of the packet
   * @throws IndexOutOfBoundsException if the memory does not hold that range
   */
  public String format(
      long timestampNanos,
      String interfaceName,
      PacketType packetType,
      int originalLength,
      int linkType,
      MemorySegment memory,
      long offset,
      int length) {
    PacketPrinter line = new PacketPrinter(new ByteView().show(memory, offset, length));
    time.formatTo(
        Instant.ofEpochSecond(
            Math.floorDiv(timestampNanos, 1_000_000_000L),
            Math.floorMod(timestampNanos, 1_000_000_000L)),
        line.out);
    line.text(" ");
    appendVisible(line.out, interfaceName);
    line.text(" ").text(word(packetType)).text(" ");
    try {
      packet(line, originalLength, linkType, length);
    } catch (PacketPrinter.CutOff e) {
      line.text(" [|").text(line.layer()).text("]");
    }
    int end = line.out.length();
    while (line.out.charAt(end - 1) == ' ') {
      end--;
    }
    return line.out.substring(0, end);
  }

  private static void appendVisible(StringBuilder out, String name) {
    name.codePoints()
        .map(c -> Character.isLetterOrDigit(c) || c > ' ' && c < 0x7F ? c : '?')
        .forEach(out::appendCodePoint);
  }

  /** Three characters wide, as in captures on all interfaces. */
  private static String word(PacketType type) {
    return switch (type) {
      case HOST -> "In ";
      case BROADCAST -> "B  ";
      case MULTICAST -> "M  ";
      case OTHERHOST -> "P  ";
      case OUTGOING -> "Out";
    };
  }

  private static void packet(PacketPrinter line, int originalLength, int linkType, int length) {
    if (length == 0) {
      line.text("[Invalid header: caplen==0").text(originalLength == 0 ? ", len==0]" : "]");
      return;
    }
    if (originalLength < length) {
      line.text("[Invalid header: len(").number(originalLength);
      line.text(") < caplen(").number(length).text(")]");
      return;
    }
    switch (linkType) {
      case LinkType.ETHERNET -> ethernet(line, originalLength);
      case LinkType.RAW_IP -> rawIp(line, originalLength);
      case LinkType.LINUX_SLL -> sll(line, originalLength);
      case LinkType.LINUX_SLL2 -> sll2(line, originalLength);
      default -> line.text("link type ").number(linkType).length(originalLength);
    }
  }

  private static void ethernet(PacketPrinter line, int originalLength) {
    line.enter("ether");
    line.need(0, ETHERNET_BYTES);
    line.mac(NetworkBytes.MAC_BYTES).text(" > ").mac(0).text(", ");
    int type = line.unsignedShort(2 * NetworkBytes.MAC_BYTES);
    int at = ETHERNET_BYTES;
    boolean tagged = false;
    while (EtherType.isVlanTag(type)) {
      line.enter("vlan");
      line.need(at, 4);
      etherType(line, type);
      if (!tagged) {
        line.length(originalLength).text(":");
      } else {
        line.text(",");
      }
      tagged = true;
      tag(line.text(" "), at);
      type = line.unsignedShort(at + 2);
      at += 4;
    }
    int rest = originalLength - at;
    if (type <= MAX_IEEE_802_3_LENGTH) {
      rest = Math.min(rest, type);
      line.endAt(at + rest);
      line.text("802.3");
      if (!tagged) {
        line.length(rest).text(": ");
      }
      logicalLink(line, at);
      return;
    }
    etherType(line, type);
    if (tagged) {
      line.text(", ");
    } else {
      line.length(originalLength).text(": ");
    }
    network(line, type, at, rest);
  }

  private static void etherType(PacketPrinter line, int type) {
    line.text("ethertype ").text(EtherTypeNames.of(type)).text(" (0x").hex(type, 4).text(")");
  }

  private static void tag(PacketPrinter line, int at) {
    int tci = line.unsignedShort(at);
    line.text("vlan ").number(VlanTag.id(tci)).text(", p ").number(VlanTag.priority(tci));
    line.text(VlanTag.isDropEligible(tci) ? ", DEI, " : ", ");
  }

  private static void logicalLink(PacketPrinter line, int at) {
    line.enter("llc");
    line.need(at, 3);
    line.text("LLC, dsap 0x").hex(line.unsignedByte(at), 2);
    line.text(", ssap 0x").hex(line.unsignedByte(at + 1), 2);
    line.text(", ctrl 0x").hex(line.unsignedByte(at + 2), 2);
  }

  private static void network(PacketPrinter line, int type, int at, int length) {
    switch (type) {
      case EtherType.IPV4 -> IpText.ipv4(line, at, length, 0);
      case EtherType.IPV6 -> IpText.ipv6(line, at, length, 0);
      case EtherType.ARP, EtherType.RARP -> ArpText.append(line, at, length);
    }
  }

  private static void rawIp(PacketPrinter line, int originalLength) {
    line.enter("raw");
    line.text("ip: ");
    int version = line.unsignedByte(0) >>> 4;
    switch (version) {
      case 4 -> IpText.ipv4(line, 0, originalLength, 0);
      case 6 -> IpText.ipv6(line, 0, originalLength, 0);
      default -> line.text("unknown ip ").number(version);
    }
  }

  private static void sll(PacketPrinter line, int originalLength) {
    line.enter("sll");
    line.need(0, SLL_BYTES);
    if (line.unsignedShort(4) == NetworkBytes.MAC_BYTES) {
      line.mac(6).text(" ");
    }
    cooked(line, line.unsignedShort(14), SLL_BYTES, originalLength);
  }

  private static void sll2(PacketPrinter line, int originalLength) {
    line.enter("sll2");
    line.need(0, SLL2_BYTES);
    line.text("ifindex ").number(line.unsignedInt(4)).text(" ");
    if (line.unsignedByte(11) == NetworkBytes.MAC_BYTES) {
      line.mac(12).text(" ");
    }
    cooked(line, line.unsignedShort(0), SLL2_BYTES, originalLength);
  }

  private static void cooked(PacketPrinter line, int protocol, int at, int originalLength) {
    switch (protocol) {
      case 1 -> line.text("802.3");
      case 4 -> line.text("802.2");
      default -> etherType(line, protocol);
    }
    line.length(originalLength).text(": ");
    int type = protocol;
    int payload = at;
    while (EtherType.isVlanTag(type)) {
      line.enter("vlan");
      line.need(payload, 4);
      tag(line, payload);
      type = line.unsignedShort(payload + 2);
      payload += 4;
      line.text("ethertype ").text(EtherTypeNames.of(type)).text(", ");
    }
    if (type == 4) {
      logicalLink(line, payload);
    }
    network(line, type, payload, originalLength - payload);
  }
}
