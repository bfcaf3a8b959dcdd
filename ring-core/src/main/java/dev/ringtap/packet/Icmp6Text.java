package dev.ringtap.packet;

/** ICMPv6 messages (RFC 4443), neighbour discovery (RFC 4861) and MLD (RFC 2710, RFC 3810). */
final class Icmp6Text {
  /** After the 8 bytes of ICMPv6 comes the IPv6 header of the packet that the message is about. */
  private static final int INNER_IP = 8;

  private static final int INNER_SRC = INNER_IP + 8;
  private static final int INNER_DST = INNER_IP + 24;
  private static final int INNER_TRANSPORT = INNER_IP + 40;
  private static final int MLD_BYTES = 24;
  private static final int MLD2_QUERY_BYTES = 28;

  private Icmp6Text() {}

  static void append(PacketPrinter line, int at, int length) {
    line.enter("icmp6");
    if (length == 0) {
      line.text("ICMP6, length 0 (invalid)");
      return;
    }
    int type = line.unsignedByte(at);
    line.text("ICMP6, ").text(name(type));
    if (name(type).isEmpty()) {
      line.text("unknown icmp6 type (").number(type).text(")");
    }
    int code = line.unsignedByte(at + 1);
    switch (type) {
      case 1 -> unreachable(line, at, code);
      case 2 -> line.need(at + 4, 4).text(", mtu ").number(line.unsignedInt(at + 4));
      case 3 -> timeExceeded(line, at, code);
      case 4 -> parameterProblem(line, at, code);
      case 128, 129 -> {
        line.need(at + 4, 4).text(", id ").number(line.unsignedShort(at + 4));
        line.text(", seq ").number(line.unsignedShort(at + 6));
      }
      case 130 -> query(line, at, length);
      case 131, 132 -> listener(line, at);
      case 135 -> line.need(at + 8, 16).text(", who has ").ipv6(at + 8);
      case 136 -> line.need(at + 8, 16).text(", tgt is ").ipv6(at + 8);
      case 137 -> line.need(at + 24, 16).text(", ").ipv6(at + 24).text(" to ").ipv6(at + 8);
      case 143 -> {
        line.need(at + 6, 2).text(", ");
        line.number(line.unsignedShort(at + 6)).text(" group record(s)");
      }
      default -> line.need(at, 2);
    }
    line.length(length);
  }

  private static String name(int type) {
    return switch (type) {
      case 1 -> "destination unreachable";
      case 2 -> "packet too big";
      case 3 -> "time exceeded in-transit";
      case 4 -> "parameter problem";
      case 128 -> "echo request";
      case 129 -> "echo reply";
      case 130 -> "multicast listener query";
      case 131 -> "multicast listener report";
      case 132 -> "multicast listener done";
      case 133 -> "router solicitation";
      case 134 -> "router advertisement";
      case 135 -> "neighbor solicitation";
      case 136 -> "neighbor advertisement";
      case 137 -> "redirect";
      case 143 -> "multicast listener report v2";
      default -> "";
    };
  }

  private static void unreachable(PacketPrinter line, int at, int code) {
    switch (code) {
      case 0 -> about(line.text(", unreachable route"), at);
      case 1 -> about(line.text(",  unreachable prohibited"), at);
      case 2 -> {
        about(line.text(", beyond scope"), at);
        line.text(", source address ").ipv6(at + INNER_SRC);
      }
      case 3 -> about(line.text(", unreachable address"), at);
      case 4 -> {
        line.text(", unreachable port");
        int protocol = line.unsignedByte(at + INNER_IP + 6);
        if (protocol == IpProtocol.TCP || protocol == IpProtocol.UDP) {
          int port = line.unsignedShort(at + INNER_TRANSPORT + 2);
          line.text(", ").ipv6(at + INNER_DST);
          line.text(protocol == IpProtocol.TCP ? " tcp port " : " udp port ").number(port);
        }
      }
      default -> line.text(", unknown unreach code (").number(code).text(")");
    }
  }

  /** Where the packet went that the message is about. */
  private static void about(PacketPrinter line, int at) {
    line.need(at + INNER_DST, 16).text(" ").ipv6(at + INNER_DST);
  }

  private static void timeExceeded(PacketPrinter line, int at, int code) {
    switch (code) {
      case 0 -> line.need(at + INNER_DST, 16).text(" for ").ipv6(at + INNER_DST);
      case 1 -> line.text(" (reassembly)");
      default -> line.text(", unknown code (").number(code).text(")");
    }
  }

  private static void parameterProblem(PacketPrinter line, int at, int code) {
    line.need(at + INNER_DST, 16);
    switch (code) {
      case 0 -> line.text(", erroneous - octet ");
      case 1 -> line.text(", next header - octet ");
      case 2 -> line.text(", option - octet ");
      case 3 -> line.text(", incomplete header chain - octet ");
      default -> {
        line.text(", code-#").number(code);
        return;
      }
    }
    line.number(line.unsignedInt(at + 4));
  }

  private static void query(PacketPrinter line, int at, int length) {
    if (length == MLD_BYTES) {
      listener(line, at);
    } else if (length >= MLD2_QUERY_BYTES) {
      line.text(" v2").need(at + 8, 16).text(" [gaddr ").ipv6(at + 8);
      int sources = line.unsignedShort(at + 26);
      if (sources > 0) {
        line.text(", ").number(sources).text(" source(s)");
      }
      line.text("]");
    } else {
      line.text(" unknown-version (len ").number(length).text(") ");
    }
  }

  private static void listener(PacketPrinter line, int at) {
    if (line.has(at, MLD_BYTES)) {
      line.text(", max resp delay: ").number(line.unsignedShort(at + 4));
      line.text(" addr: ").ipv6(at + 8);
    }
  }
}
