package dev.ringtap.packet;

/** ARP (RFC 826), reverse ARP (RFC 903) and inverse ARP (RFC 2390). */
final class ArpText {
  private static final int FIXED_BYTES = 8;

  private ArpText() {}

  static void append(PacketPrinter line, int at, int length) {
    line.enter("arp");
    line.need(at, FIXED_BYTES);
    int hardwareType = line.unsignedShort(at);
    int protocolType = line.unsignedShort(at + 2);
    int hardwareBytes = line.unsignedByte(at + 4);
    int protocolBytes = line.unsignedByte(at + 5);
    int senderHardware = at + FIXED_BYTES;
    int senderIp = senderHardware + hardwareBytes;
    int targetHardware = senderIp + protocolBytes;
    int targetIp = targetHardware + hardwareBytes;
    line.need(targetIp, protocolBytes);
    if (protocolType != EtherType.IPV4 || protocolBytes != 4 || hardwareBytes == 0) {
      hardware(line, hardwareType).text(" (len ").number(hardwareBytes).text("), ");
      protocol(line, protocolType).text(" (len ").number(protocolBytes).text(")").length(length);
      return;
    }
    switch (line.unsignedShort(at + 6)) {
      case 1 -> {
        line.text("Request who-has ").ipv4(targetIp);
        if (!isZero(line, targetHardware, hardwareBytes)) {
          line.text(" (").hardwareAddress(targetHardware, hardwareBytes).text(")");
        }
        line.text(" tell ").ipv4(senderIp);
      }
      case 2 -> {
        line.text("Reply ").ipv4(senderIp);
        line.text(" is-at ").hardwareAddress(senderHardware, hardwareBytes);
      }
      case 3 -> {
        line.text("Reverse Request who-is ").hardwareAddress(targetHardware, hardwareBytes);
        line.text(" tell ").hardwareAddress(senderHardware, hardwareBytes);
      }
      case 4 -> {
        line.text("Reverse Reply ").hardwareAddress(targetHardware, hardwareBytes);
        line.text(" at ").ipv4(targetIp);
      }
      case 8 -> {
        line.text("Inverse Request who-is ").hardwareAddress(targetHardware, hardwareBytes);
        line.text(" tell ").hardwareAddress(senderHardware, hardwareBytes);
      }
      case 9 -> {
        line.text("Inverse Reply ").hardwareAddress(senderHardware, hardwareBytes);
        line.text(" at ").ipv4(senderIp);
      }
      case 10 -> {
        line.text("NACK Reply");
        return;
      }
      default -> {
        line.text("Unknown (").number(line.unsignedShort(at + 6)).text(")");
        return;
      }
    }
    line.length(length);
  }

  private static PacketPrinter hardware(PacketPrinter line, int type) {
    return switch (type) {
      case 1 -> line.text("Ethernet");
      case 6 -> line.text("TokenRing");
      case 15 -> line.text("FrameRelay");
      case 32 -> line.text("InfiniBand");
      default -> line.text("Unknown Hardware (").number(type).text(")");
    };
  }

  private static PacketPrinter protocol(PacketPrinter line, int type) {
    String name = EtherTypeNames.of(type);
    return name.equals("Unknown")
        ? line.text("Unknown Protocol (0x").hex(type, 4).text(")")
        : line.text(name);
  }

  private static boolean isZero(PacketPrinter line, int at, int bytes) {
    for (int i = 0; i < bytes; i++) {
      if (line.unsignedByte(at + i) != 0) {
        return false;
      }
    }
    return true;
  }
}
