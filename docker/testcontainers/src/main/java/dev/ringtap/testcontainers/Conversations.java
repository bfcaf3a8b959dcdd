package dev.ringtap.testcontainers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who talked to whom, as a table for people. */
final class Conversations {
  private static final int MOST_LINES = 20;
  private static final int ETHERTYPE_ARP = 0x0806;

  private static final class Conversation {
    final String protocol;
    final String first;
    final String second;
    int packets;
    long bytes;

    Conversation(CapturedPacket packet) {
      this.protocol = protocol(packet);
      this.first = sender(packet);
      this.second = receiver(packet);
    }
  }

  private Conversations() {}

  /** A line for each conversation, those with the most packets first; empty without packets. */
  static String table(List<CapturedPacket> packets) {
    Map<List<String>, Conversation> conversations = new LinkedHashMap<>();
    for (CapturedPacket packet : packets) {
      List<String> ends = new ArrayList<>(List.of(sender(packet), receiver(packet)));
      ends.sort(Comparator.naturalOrder());
      // as each container saw it
      ends.add(packet.container());
      ends.add(protocol(packet));
      Conversation conversation =
          conversations.computeIfAbsent(ends, key -> new Conversation(packet));
      conversation.packets++;
      conversation.bytes += packet.originalLength();
    }
    StringBuilder table = new StringBuilder();
    conversations.entrySet().stream()
        .sorted(Comparator.comparingInt(each -> -each.getValue().packets))
        .limit(MOST_LINES)
        .forEach(each -> table.append(line(each.getKey().get(2), each.getValue())));
    int more = conversations.size() - MOST_LINES;
    return more > 0
        ? table.append("  and ").append(more).append(" more\n").toString()
        : table.toString();
  }

  private static String line(String container, Conversation each) {
    return String.format(
        "  %-12s %-5s %-24s - %-24s %6d packets %9d bytes%n",
        container, each.protocol, each.first, each.second, each.packets, each.bytes);
  }

  private static String protocol(CapturedPacket packet) {
    switch (packet.ipProtocol()) {
      case 1:
      case 58:
        return "ICMP";
      case 6:
        return "TCP";
      case 17:
        return "UDP";
      default:
        return packet.etherType() == ETHERTYPE_ARP
            ? "ARP"
            : packet.ipVersion() > 0 ? "IP" : "other";
    }
  }

  private static String sender(CapturedPacket packet) {
    return end(packet.ipSrc(), packet.srcPort(), packet.ethSrc());
  }

  private static String receiver(CapturedPacket packet) {
    return end(packet.ipDst(), packet.dstPort(), packet.ethDst());
  }

  private static String end(@Nullable String ip, int port, @Nullable String mac) {
    if (ip == null) {
      return String.valueOf(mac);
    }
    String host = ip.contains(":") && port >= 0 ? "[" + ip + "]" : ip;
    return port < 0 ? host : host + ":" + port;
  }
}
