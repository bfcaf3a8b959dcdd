package dev.ringtap.packet;

/**
 * The IP header that a transport header is in.
 *
 * @param direct whether no other header lies between; if one does, the addresses are already in the
 *     line
 */
record EnclosingIp(int at, int version, boolean direct) {
  void src(PacketPrinter line) {
    if (version == 4) {
      line.ipv4(at + 12);
    } else {
      line.ipv6(at + 8);
    }
  }

  void dst(PacketPrinter line) {
    if (version == 4) {
      line.ipv4(at + 16);
    } else {
      line.ipv6(at + 24);
    }
  }

  void addresses(PacketPrinter line, String end) {
    src(line);
    line.text(" > ");
    dst(line);
    line.text(end);
  }

  void addressesAndPorts(PacketPrinter line, int srcPort, int dstPort) {
    if (direct) {
      src(line);
      line.text(".").number(srcPort).text(" > ");
      dst(line);
      line.text(".").number(dstPort).text(": ");
    } else {
      line.number(srcPort).text(" > ").number(dstPort).text(": ");
    }
  }
}
