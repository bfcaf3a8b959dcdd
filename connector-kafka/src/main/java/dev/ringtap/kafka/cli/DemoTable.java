package dev.ringtap.kafka.cli;

import dev.ringtap.packet.EtherType;
import dev.ringtap.packet.IpProtocol;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.record.Packet;
import dev.ringtap.record.Vlan;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Frames and bytes by VLAN and protocol. Not thread-safe. */
final class DemoTable {
  private static final int BAR_WIDTH = 24;
  private static final String UNTAGGED = "untagged";

  private record Row(String vlan, String protocol) {}

  private static final class Sum {
    long frames;
    long bytes;
  }

  private final Map<Row, Sum> sums =
      new TreeMap<>(
          Comparator.comparing((Row row) -> row.vlan.length())
              .thenComparing(Row::vlan)
              .thenComparing(Row::protocol));
  private final PacketHeaders headers = new PacketHeaders();
  private long frames;
  private long lost;

  void add(Packet packet) {
    MemorySegment payload = MemorySegment.ofBuffer(packet.getPayload());
    headers.parse(payload, 0, (int) payload.byteSize(), packet.getLinkType());
    Sum sum = sums.computeIfAbsent(new Row(vlan(packet.getVlan()), protocol()), row -> new Sum());
    sum.frames++;
    sum.bytes += packet.getOriginalLength();
    frames++;
    lost += packet.getLostBefore();
  }

  private String vlan(Vlan outer) {
    if (outer == null) {
      return UNTAGGED;
    }
    return headers.vlanCount() > 1 ? outer.getId() + "." + headers.vlanId(1) : "" + outer.getId();
  }

  private String protocol() {
    if (headers.etherType() == EtherType.ARP) {
      return "ARP";
    }
    String version = headers.ipVersion() == 6 ? "IPv6 " : "";
    return switch (headers.ipProtocol()) {
      case IpProtocol.TCP -> version + "TCP";
      case IpProtocol.UDP -> version + "UDP";
      case IpProtocol.ICMP -> "ICMP";
      default -> "other";
    };
  }

  long frames() {
    return frames;
  }

  long lost() {
    return lost;
  }

  void print(PrintStream out) {
    long most = sums.values().stream().mapToLong(sum -> sum.bytes).max().orElse(1);
    long bytes = sums.values().stream().mapToLong(sum -> sum.bytes).sum();
    out.printf("  %-10s %-9s %10s %14s%n", "VLAN", "protocol", "frames", "bytes");
    sums.forEach(
        (row, sum) ->
            out.printf(
                Locale.ROOT,
                "  %-10s %-9s %,10d %,14d  %s%n",
                row.vlan,
                row.protocol,
                sum.frames,
                sum.bytes,
                "#".repeat((int) Math.max(1, BAR_WIDTH * sum.bytes / most))));
    out.printf(Locale.ROOT, "  %-20s %,10d %,14d%n%n", "all", frames, bytes);
  }
}
