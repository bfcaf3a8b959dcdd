package dev.ringtap.packet;

/** IPv4 (RFC 791) and IPv6 (RFC 8200), and what hands on to the transport layer. */
final class IpText {
  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;

  /** IP in IP in IP: beyond this many the inner packet is no longer looked into. */
  private static final int MAX_DEPTH = 4;

  private IpText() {}

  /**
   * @param length bytes from {@code at} to the end of the packet on the wire
   */
  static void ipv4(PacketPrinter line, int at, int length, int depth) {
    line.enter("ip");
    int first = line.unsignedByte(at);
    if (first >>> 4 != 4) {
      line.text(first >>> 4 == 6 ? "IP6, wrong link-layer encapsulation" : "IP" + (first >>> 4));
      line.text(" (invalid)");
      return;
    }
    line.need(at, IPV4_BYTES);
    int headerBytes = (first & 0xF) * 4;
    if (length < IPV4_BYTES) {
      line.text("truncated-ip ").number(length);
      return;
    }
    if (headerBytes < IPV4_BYTES) {
      line.text("bad-hlen ").number(headerBytes);
      return;
    }
    int totalLength = line.unsignedShort(at + 2);
    if (totalLength == 0) {
      totalLength = length;
    }
    if (length < totalLength) {
      line.text("truncated-ip - ").number(totalLength - length).text(" bytes missing! ");
    }
    if (totalLength < headerBytes) {
      line.text("bad-len ").number(totalLength);
      return;
    }
    line.endAt(at + totalLength);
    int protocol = line.unsignedByte(at + 9);
    EnclosingIp header = new EnclosingIp(at, 4, IpProtocol.hasPorts(protocol));
    int flagsAndOffset = line.unsignedShort(at + 6);
    if ((flagsAndOffset & 0x1FFF) != 0) {
      header.addresses(line, ": ip-proto-");
      line.number(protocol);
      return;
    }
    if (!header.direct()) {
      header.addresses(line, ": ");
    }
    if (!line.has(at, headerBytes)) {
      line.text(" [remaining caplen(").number(line.left(at));
      line.text(") < header length(").number(headerBytes).text(")]");
    }
    line.need(at, headerBytes);
    boolean fragment = (flagsAndOffset & 0x2000) != 0;
    int payload = at + headerBytes;
    transport(line, protocol, payload, totalLength - headerBytes, header, fragment, depth);
  }

  /**
   * @param length bytes from {@code at} to the end of the packet on the wire
   */
  static void ipv6(PacketPrinter line, int at, int length, int depth) {
    line.enter("ip6");
    line.need(at, IPV6_BYTES);
    if (length < IPV6_BYTES) {
      line.text("truncated-ip6 ").number(length);
      return;
    }
    int version = line.unsignedByte(at) >>> 4;
    if (version != 6) {
      line.text("version error: ").number(version).text(" != 6");
      return;
    }
    int payloadLength = line.unsignedShort(at + 4);
    int next = line.unsignedByte(at + 6);
    if (payloadLength == 0 && next == IpProtocol.HOP_BY_HOP) {
      payloadLength = length - IPV6_BYTES;
    }
    if (length < IPV6_BYTES + payloadLength) {
      line.text("truncated-ip6 - ").number(IPV6_BYTES + payloadLength - length);
      line.text(" bytes missing!");
    }
    line.endAt(at + IPV6_BYTES + payloadLength);
    boolean direct = IpProtocol.hasPorts(next);
    EnclosingIp header = new EnclosingIp(at, 6, direct);
    if (!direct) {
      header.addresses(line, ": ");
    }
    extensions(line, header, next, payloadLength, depth);
  }

  private static void extensions(
      PacketPrinter line, EnclosingIp header, int first, int payloadLength, int depth) {
    int next = first;
    int at = header.at() + IPV6_BYTES;
    int left = payloadLength;
    boolean fragment = false;
    while (true) {
      int bytes;
      switch (next) {
        case IpProtocol.HOP_BY_HOP -> bytes = options(line, at, "hbhopt", "HBH ");
        case IpProtocol.DESTINATION_OPTIONS -> bytes = options(line, at, "dstopt", "DSTOPT ");
        case IpProtocol.ROUTING -> bytes = routing(line, at);
        case IpProtocol.FRAGMENT -> {
          bytes = fragment(line, at, left);
          fragment = true;
          if ((line.unsignedShort(at + 2) & 0xFFF8) != 0 || !line.has(at + bytes, 1)) {
            return;
          }
        }
        default -> {
          transport(line, next, at, left, header, fragment, depth);
          return;
        }
      }
      next = line.unsignedByte(at);
      line.enter("ip6");
      at += bytes;
      left -= bytes;
      line.need(at, 0);
    }
  }

  private static int options(PacketPrinter line, int at, String layer, String name) {
    line.enter(layer);
    int bytes = (line.unsignedByte(at + 1) + 1) * 8;
    line.need(at, bytes);
    line.text(name);
    return bytes;
  }

  private static int routing(PacketPrinter line, int at) {
    line.need(at, 1);
    line.enter("rt6");
    line.need(at, 4);
    int units = line.unsignedByte(at + 1);
    line.text("RT6 (len=").number(units).text(", type=").number(line.unsignedByte(at + 2));
    line.text(", segleft=").number(line.unsignedByte(at + 3)).text(") ");
    return (units + 1) * 8;
  }

  private static int fragment(PacketPrinter line, int at, int left) {
    line.enter("frag6");
    int offset = line.unsignedShort(at + 2) & 0xFFF8;
    line.text("frag (").number(offset).text("|").number(Math.max(0, left - 8)).text(") ");
    return 8;
  }

  private static void transport(
      PacketPrinter line,
      int protocol,
      int at,
      int length,
      EnclosingIp header,
      boolean fragment,
      int depth) {
    switch (protocol) {
      case IpProtocol.TCP -> TcpText.append(line, at, length, header);
      case IpProtocol.UDP -> udp(line, at, length, header, fragment);
      case IpProtocol.SCTP -> sctp(line, at, length, header);
      case IpProtocol.ICMP -> {
        if (header.version() == 4) {
          IcmpText.append(line, at, length);
        } else {
          line.text("[ICMP requires IPv4] (invalid)");
        }
      }
      case IpProtocol.ICMPV6 -> {
        if (header.version() == 6) {
          Icmp6Text.append(line, at, length);
        } else {
          line.text("[ICMPv6 requires IPv6] (invalid)");
        }
      }
      case IpProtocol.ESP -> esp(line, at, length);
      case IpProtocol.AUTHENTICATION -> {
        if (depth == MAX_DEPTH) {
          other(line, protocol, length);
        } else {
          int bytes = authentication(line, at);
          int next = line.unsignedByte(at);
          transport(line, next, at + bytes, length - bytes, header, fragment, depth + 1);
        }
      }
      case IpProtocol.NO_NEXT_HEADER -> line.text("no next header");
      case IpProtocol.IPV4, IpProtocol.IPV6 -> {
        if (depth == MAX_DEPTH) {
          other(line, protocol, length);
        } else if (protocol == IpProtocol.IPV4) {
          ipv4(line, at, length, depth + 1);
        } else {
          ipv6(line, at, length, depth + 1);
        }
      }
      default -> other(line, protocol, length);
    }
  }

  private static void other(PacketPrinter line, int protocol, int length) {
    line.text(" ip-proto-").number(protocol).text(" ").number(length);
  }

  private static void udp(
      PacketPrinter line, int at, int length, EnclosingIp header, boolean fragment) {
    line.enter("udp");
    if (!line.has(at, 4)) {
      if (header.direct()) {
        header.addresses(line, ": ");
      }
      line.need(at, 4);
    }
    header.addressesAndPorts(line, line.unsignedShort(at), line.unsignedShort(at + 2));
    if (length < 8) {
      line.text("truncated-udp ").number(length);
      return;
    }
    int udpLength = line.unsignedShort(at + 4);
    if (udpLength == 0 && length > 0xFFFF) {
      udpLength = length;
    }
    if (udpLength < 8) {
      line.text("truncated-udplength ").number(udpLength);
      return;
    }
    line.need(at, 8);
    if (udpLength > length && !fragment) {
      line.text("UDP, bad length ").number(udpLength - 8).text(" > ").number(length - 8);
    } else {
      line.text("UDP, length ").number(udpLength - 8);
    }
  }

  private static void sctp(PacketPrinter line, int at, int length, EnclosingIp header) {
    line.enter("sctp");
    if (length < 12) {
      line.text("truncated-sctp - ").number(12 - length).text(" bytes missing!");
      return;
    }
    line.need(at, 12);
    header.src(line);
    line.text(".").number(line.unsignedShort(at)).text(" > ");
    header.dst(line);
    line.text(".").number(line.unsignedShort(at + 2)).text(": sctp");
  }

  /** Authentication header, RFC 4302. */
  private static int authentication(PacketPrinter line, int at) {
    line.enter("ah");
    int bytes = (line.need(at, 1).text("AH").unsignedByte(at + 1) + 2) * 4;
    line.text("(").need(at + 4, 4).text("spi=0x").hex(line.unsignedInt(at + 4), 8).text(",");
    line.need(at + 8, 4).text("seq=0x").hex(line.unsignedInt(at + 8), 1).text(",icv=0x");
    line.hexBytes(at + 12, Math.max(0, bytes - 12)).text("): ");
    return bytes;
  }

  /** Encapsulating security payload, RFC 4303: what is not encrypted. */
  private static void esp(PacketPrinter line, int at, int length) {
    line.enter("esp");
    line.need(at, 9);
    line.text("ESP(spi=0x").hex(line.unsignedInt(at), 8);
    line.text(",seq=0x").hex(line.unsignedInt(at + 4), 1).text(")").length(length);
  }
}
