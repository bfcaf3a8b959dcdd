package dev.ringtap.packet;

/** ICMP messages (RFC 792, RFC 1191, RFC 1812). */
final class IcmpText {
  /** After the 8 bytes of ICMP comes the IP header of the packet that the message is about. */
  private static final int INNER_IP = 8;

  private static final int INNER_DST = INNER_IP + 16;

  private IcmpText() {}

  static void append(PacketPrinter line, int at, int length) {
    line.enter("icmp");
    int type = line.unsignedByte(at);
    int code = line.unsignedByte(at + 1);
    int start = line.out.length();
    try {
      line.text("ICMP ");
      message(line, at, type, code);
    } catch (PacketPrinter.CutOff e) {
      line.out.setLength(start);
      throw e;
    }
    line.length(length);
  }

  private static void message(PacketPrinter line, int at, int type, int code) {
    switch (type) {
      case 0 -> echo(line.text("echo reply, id "), at);
      case 8 -> echo(line.text("echo request, id "), at);
      case 3 -> unreachable(line, at, code);
      case 4 -> line.text("source quench");
      case 5 -> redirect(line, at, code);
      case 9 -> line.text("router advertisement");
      case 10 -> line.text("router solicitation");
      case 11 -> {
        line.need(at + INNER_DST, 4);
        switch (code) {
          case 0 -> line.text("time exceeded in-transit");
          case 1 -> line.text("ip reassembly time exceeded");
          default -> line.text("time exceeded-#").number(code);
        }
      }
      case 12 -> {
        if (code != 0) {
          line.text("parameter problem - code ").number(code);
        } else {
          line.text("parameter problem - octet ").number(line.unsignedByte(at + 4));
        }
      }
      case 13 -> {
        line.text("time stamp query id ").number(line.unsignedShort(at + 4));
        line.text(" seq ").number(line.unsignedShort(at + 6));
      }
      default -> line.text("type-#").number(type);
    }
  }

  private static void echo(PacketPrinter line, int at) {
    line.number(line.unsignedShort(at + 4)).text(", seq ").number(line.unsignedShort(at + 6));
  }

  private static void unreachable(PacketPrinter line, int at, int code) {
    switch (code) {
      case 0 -> line.text("net ").ipv4(at + INNER_DST).text(" unreachable");
      case 1 -> line.text("host ").ipv4(at + INNER_DST).text(" unreachable");
      case 2 -> {
        line.ipv4(at + INNER_DST).text(" protocol ").number(line.unsignedByte(at + INNER_IP + 9));
        line.text(" unreachable");
      }
      case 3 -> portUnreachable(line, at);
      case 4 -> {
        line.ipv4(at + INNER_DST).text(" unreachable - need to frag");
        int mtu = line.unsignedShort(at + 6);
        if (mtu != 0) {
          line.text(" (mtu ").number(mtu).text(")");
        }
      }
      case 5 -> line.ipv4(at + INNER_DST).text(" unreachable - source route failed");
      case 6 -> line.text("net ").ipv4(at + INNER_DST).text(" unreachable - unknown");
      case 7 -> line.text("host ").ipv4(at + INNER_DST).text(" unreachable - unknown");
      case 8 -> line.ipv4(at + INNER_DST).text(" unreachable - source host isolated");
      case 9 -> line.text("net ").ipv4(at + INNER_DST).text(" unreachable - admin prohibited");
      case 10 -> line.text("host ").ipv4(at + INNER_DST).text(" unreachable - admin prohibited");
      case 11 -> line.text("net ").ipv4(at + INNER_DST).text(" unreachable - tos prohibited");
      case 12 -> line.text("host ").ipv4(at + INNER_DST).text(" unreachable - tos prohibited");
      case 13 -> {
        line.text("host ").ipv4(at + INNER_DST);
        line.text(" unreachable - admin prohibited filter");
      }
      case 14 -> {
        line.text("host ").ipv4(at + INNER_DST);
        line.text(" unreachable - host precedence violation");
      }
      case 15 -> line.text("host ").ipv4(at + INNER_DST).text(" unreachable - precedence cutoff");
      default -> line.ipv4(at + INNER_DST).text(" unreachable - #").number(code);
    }
  }

  private static void portUnreachable(PacketPrinter line, int at) {
    int protocol = line.unsignedByte(at + INNER_IP + 9);
    int transport = at + INNER_IP + (line.unsignedByte(at + INNER_IP) & 0xF) * 4;
    int port = line.unsignedShort(transport + 2);
    line.ipv4(at + INNER_DST);
    switch (protocol) {
      case IpProtocol.TCP -> line.text(" tcp");
      case IpProtocol.UDP -> line.text(" udp");
      default -> line.text(" protocol ").number(protocol);
    }
    line.text(" port ").number(port).text(" unreachable");
  }

  private static void redirect(PacketPrinter line, int at, int code) {
    switch (code) {
      case 0, 1 -> line.text("redirect ");
      case 2, 3 -> line.text("redirect-tos ");
      default -> line.text("redirect-#").number(code).text(" ");
    }
    line.ipv4(at + INNER_DST).text(" to ");
    line.text(code > 3 ? "" : code % 2 == 0 ? "net " : "host ").ipv4(at + 4);
  }
}
