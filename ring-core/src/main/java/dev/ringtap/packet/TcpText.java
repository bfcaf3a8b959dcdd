package dev.ringtap.packet;

/** TCP segments (RFC 9293), sequence numbers as they are on the wire. */
final class TcpText {
  private static final int HEADER_BYTES = 20;
  private static final String FLAGS = "FSRP.UEW";
  private static final int SYN_FIN_RST = 7;
  private static final int ACK = 16;
  private static final int URG = 32;

  private TcpText() {}

  static void append(PacketPrinter line, int at, int length, EnclosingIp header) {
    line.enter("tcp");
    if (!line.has(at, 4)) {
      header.addresses(line, ":");
      line.need(at, 4);
    }
    header.addressesAndPorts(line, line.unsignedShort(at), line.unsignedShort(at + 2));
    line.need(at, HEADER_BYTES);
    int headerBytes = (line.unsignedByte(at + 12) >>> 4) * 4;
    if (headerBytes < HEADER_BYTES) {
      line.text(" tcp ").number(length - headerBytes);
      line.text(" [bad hdr length ").number(headerBytes).text(" - too short, < 20]");
      return;
    }
    int flags = line.unsignedByte(at + 13);
    line.text("Flags [");
    flags(line, flags);
    line.text("]");
    if (headerBytes > length) {
      line.text(" [bad hdr length ").number(headerBytes);
      line.text(" - too long, > ").number(length).text("]");
      return;
    }
    int payloadLength = length - headerBytes;
    long sequence = line.unsignedInt(at + 4);
    if (payloadLength > 0) {
      line.text(", seq ").number(sequence);
      line.text(":").number(sequence + payloadLength & 0xFFFF_FFFFL);
    } else if ((flags & SYN_FIN_RST) != 0) {
      line.text(", seq ").number(sequence);
    }
    if ((flags & ACK) != 0) {
      line.text(", ack ").number(line.unsignedInt(at + 8));
    }
    line.text(", win ").number(line.unsignedShort(at + 14));
    if ((flags & URG) != 0) {
      line.text(", urg ").number(line.unsignedShort(at + 18));
    }
    if (headerBytes > HEADER_BYTES) {
      line.text(", options [");
      if (!options(line, at + HEADER_BYTES, headerBytes - HEADER_BYTES)) {
        return;
      }
      line.text("]");
    }
    line.length(payloadLength);
    if (payloadLength > 0 && !line.has(at, headerBytes)) {
      line.text(" [remaining caplen(").number(line.left(at));
      line.text(") < header length(").number(headerBytes).text(")]");
      line.need(at, headerBytes);
    }
  }

  private static void flags(PacketPrinter line, int flags) {
    if (flags == 0) {
      line.text("none");
    }
    for (int bit = 0; bit < FLAGS.length(); bit++) {
      if ((flags >>> bit & 1) != 0) {
        line.out.append(FLAGS.charAt(bit));
      }
    }
  }

  /** Whether the options are sound; if not, the line says so and has its last bracket. */
  private static boolean options(PacketPrinter line, int start, int length) {
    int at = start;
    int end = start + length;
    while (at < end) {
      if (at > start) {
        line.text(",");
      }
      int kind = line.unsignedByte(at);
      if (kind == 0) {
        line.text("eol");
        return true;
      }
      if (kind == 1) {
        line.text("nop");
        at++;
        continue;
      }
      int optionBytes = line.unsignedByte(at + 1);
      if (optionBytes < 2 || optionBytes > end - at || !option(line, kind, at + 2, optionBytes)) {
        line.text("[bad opt]").text(at > start ? "]" : "");
        return false;
      }
      at += optionBytes;
    }
    return true;
  }

  /** Whether the option's length suits its kind. */
  private static boolean option(PacketPrinter line, int kind, int at, int optionBytes) {
    int dataBytes = optionBytes - 2;
    int expected = expectedBytes(kind, dataBytes);
    line.text(name(kind));
    if (kind > 5 && kind != 8) {
      line.number(kind);
    }
    if (dataBytes < expected) {
      return false;
    }
    switch (kind) {
      case 2 -> line.need(at, 2).text(" ").number(line.unsignedShort(at));
      case 3 -> line.need(at, 1).text(" ").number(line.unsignedByte(at));
      case 5 -> selectiveAcknowledgment(line, at, dataBytes);
      case 8 -> {
        line.need(at, 8).text(" val ").number(line.unsignedInt(at));
        line.text(" ecr ").number(line.unsignedInt(at + 4));
      }
      default -> line.text(dataBytes > 0 ? " 0x" : "").hexBytes(at, expected);
    }
    if (dataBytes != expected) {
      line.text("[len ").number(optionBytes).text("]");
    }
    return true;
  }

  private static String name(int kind) {
    return switch (kind) {
      case 2 -> "mss";
      case 3 -> "wscale";
      case 4 -> "sackOK";
      case 5 -> "sack";
      case 8 -> "TS";
      default -> "unknown-";
    };
  }

  private static int expectedBytes(int kind, int dataBytes) {
    return switch (kind) {
      case 2 -> 2;
      case 3 -> 1;
      case 4 -> 0;
      case 8 -> 8;
      default -> dataBytes;
    };
  }

  private static void selectiveAcknowledgment(PacketPrinter line, int at, int dataBytes) {
    if (dataBytes % 8 != 0) {
      line.text(" invalid sack");
      return;
    }
    line.text(" ").number(dataBytes / 8).text(" ");
    for (int i = 0; i < dataBytes; i += 8) {
      line.need(at + i, 8).text("{").number(line.unsignedInt(at + i));
      line.text(":").number(line.unsignedInt(at + i + 4)).text("}");
    }
  }
}
