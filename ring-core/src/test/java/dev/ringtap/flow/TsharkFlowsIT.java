package dev.ringtap.flow;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.FIN;
import static dev.ringtap.testkit.Packets.RST;
import static dev.ringtap.testkit.Packets.SYN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.CorruptBlockException;
import dev.ringtap.capture.Frame;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.packet.AddressText;
import dev.ringtap.packet.CommunityId;
import dev.ringtap.packet.IpProtocol;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Flows against what the installed tshark says about real captures: conversations with their frames
 * and bytes each way, its TCP analysis, and Community IDs. Where they differ they must be equal
 * without the frames that one of {@link #RULES} names.
 *
 * <p>The captures are some of tcpdump's own tests, whose licence is among them. {@code
 * -Dflows.captures=DIR} takes those of a directory instead, and prints the table of {@code
 * FLOWS.md}.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class TsharkFlowsIT {
  private static final String CAPTURES = System.getProperty("flows.captures");

  /** Why frames may be counted otherwise, and tshark's filter for them. */
  private static final Map<String, String> RULES = new LinkedHashMap<>();

  static {
    RULES.put(
        "encapsulation",
        "not frame.protocols matches"
            + " \"^(eth:ethertype|raw|sll|sll:ethertype)(:vlan:ethertype)*:ip(v6)?(:|$)\"");
    RULES.put("more than one IP header", "frame.protocols matches \":ip(v6)?:(.*:)?ip(v6)?(:|$)\"");
    RULES.put("fragment", "ip.flags.mf == 1 or ip.frag_offset > 0 or ipv6.fraghdr");
    RULES.put("malformed", "_ws.malformed or _ws.short or tcp.hdr_len < 20 or ip.version != 4");
  }

  @TempDir private Path directory;

  private final FlowLimits limits = new FlowLimits(1 << 12, Duration.ofDays(1), Duration.ofDays(1));

  private List<Path> captures() throws IOException {
    if (CAPTURES != null) {
      try (Stream<Path> files = Files.walk(Path.of(CAPTURES))) {
        return files.filter(each -> each.toString().matches(".*\\.pcap(ng)?")).sorted().toList();
      }
    }
    List<Path> files = new ArrayList<>();
    try (InputStream packed = getClass().getResourceAsStream("tcpdump-tests.zip");
        ZipInputStream zip = new ZipInputStream(packed)) {
      ZipEntry entry;
      while ((entry = zip.getNextEntry()) != null) {
        if (entry.getName().endsWith(".pcap")) {
          Path file = directory.resolve(entry.getName());
          Files.write(file, zip.readAllBytes());
          files.add(file);
        }
      }
    }
    return files;
  }

  @Test
  void flowsAreTsharksConversations() throws Exception {
    Requirements.programs("tshark");
    Map<String, Integer> results = new TreeMap<>();
    List<String> unexplained = new ArrayList<>();
    long conversations = 0;
    for (Path file : captures()) {
      Map<String, String> theirs = tshark(file);
      if (theirs == null) {
        results.merge("tshark cannot read it", 1, Integer::sum);
        continue;
      }
      if (theirs.isEmpty()) {
        results.merge("no IP conversation", 1, Integer::sum);
        continue;
      }
      Map<String, String> ours = flows(file);
      String result = "equal";
      if (!ours.equals(theirs)) {
        result = explain(file);
        if (result == null) {
          unexplained.add(file + difference(ours, theirs));
          result = "unexplained";
        }
      }
      results.merge(result, 1, Integer::sum);
      conversations += theirs.keySet().stream().filter(key -> key.startsWith("conv")).count();
      if (CAPTURES != null && !result.equals("equal")) {
        System.out.println(file.getFileName() + ": " + result);
      }
    }
    System.out.println(results + ", conversations " + conversations);
    if (CAPTURES == null) {
      assertThat(unexplained).isEmpty();
      assertThat(results.get("equal")).isGreaterThan(20);
    } else {
      unexplained.forEach(System.out::println);
    }
  }

  /** Made-up connections with all that the rules tell apart, numbers that wrap around among it. */
  @Test
  void madeUpConnectionsAreAsTsharkSeesThem() throws Exception {
    Requirements.programs("tshark");
    Random random = new Random(20261129);
    ByteArrayOutputStream capture = new ByteArrayOutputStream();
    capture.write(
        ByteBuffer.allocate(24)
            .putInt(0xA1B23C4D)
            .putInt(0x00020004)
            .putLong(0)
            .putInt(262_144)
            .putInt(1)
            .array());
    long nanos = 1_700_000_000_000_000_000L;
    for (int connection = 0; connection < 300; connection++) {
      nanos = connection(connection, random, nanos, capture);
    }
    Path file = directory.resolve("connections.pcap");
    Files.write(file, capture.toByteArray());
    Map<String, String> ours = flows(file);
    Map<String, String> theirs = tshark(file);
    assertThat(difference(ours, theirs)).isEqualTo(difference(Map.of(), Map.of()));
    assertThat(ours.keySet().stream().filter(key -> key.startsWith("tcp ")))
        .hasSizeGreaterThan(300);
    assertThat(ours.keySet().stream().filter(key -> key.startsWith("zero")))
        .hasSizeGreaterThan(100);
  }

  private static long connection(
      int number, Random random, long start, ByteArrayOutputStream capture) throws IOException {
    String[] hosts = {"10.0." + number / 250 + "." + (number % 250 + 1), "10.1.0.1"};
    int[] ports = {30_000 + random.nextInt(1000), 40_000 + number};
    int[] next = {random.nextInt(3) == 0 ? -random.nextInt(3000) : random.nextInt(), 0};
    next[1] = random.nextInt(3) == 0 ? -random.nextInt(3000) : random.nextInt();
    int[] acknowledged = {next[1], next[0]};
    long nanos = start;
    boolean opens = random.nextInt(4) > 0;
    for (int i = 0; i < 60; i++) {
      nanos += random.nextInt(4) == 0 ? random.nextInt(60_000_000) : random.nextInt(2_000_000);
      int way = random.nextInt(2);
      int flags = ACK;
      int sequence = next[way];
      int ack = next[1 - way];
      int length = 0;
      int window = 5000;
      int kind = opens && i < 3 ? 20 + i : random.nextInt(14);
      if (kind >= 20) {
        way = kind == 21 ? 1 : 0;
        flags = kind == 20 ? SYN : kind == 21 ? SYN | ACK : ACK;
        sequence = next[way];
        ack = kind == 20 ? 0 : next[1 - way];
        next[way] += kind == 22 ? 0 : 1;
      } else if (kind < 4) {
        length = 1 + random.nextInt(500);
        next[way] += length;
      } else if (kind == 4) {
        length = 1 + random.nextInt(300);
        sequence -= random.nextInt(600);
      } else if (kind == 5) {
        length = 100;
        sequence += random.nextInt(400);
        next[way] = sequence + length;
      } else if (kind < 8) {
        ack = acknowledged[way];
      } else if (kind == 8) {
        length = random.nextInt(2);
        sequence--;
      } else if (kind == 9) {
        window = 0;
        ack = acknowledged[way];
      } else if (kind == 10) {
        length = 1;
      } else if (kind == 11 && i > 40) {
        flags = random.nextBoolean() ? FIN | ACK : RST | ACK;
        next[way] += (flags & FIN) != 0 ? 1 : 0;
      } else if (kind == 12 && random.nextInt(8) == 0) {
        flags = SYN;
        sequence = random.nextBoolean() ? sequence : sequence - 1;
      } else if (kind == 13) {
        ack += random.nextInt(200);
      }
      acknowledged[way] = ack;
      byte[] packet =
          Packets.tcp(
              hosts[way],
              ports[way],
              hosts[1 - way],
              ports[1 - way],
              flags,
              sequence,
              ack,
              new byte[0],
              new byte[length]);
      byte[] frame = Packets.ethernet(packet);
      ByteBuffer.wrap(frame).putShort(48, (short) window);
      capture.write(
          ByteBuffer.allocate(16)
              .putInt((int) (nanos / 1_000_000_000L))
              .putInt((int) (nanos % 1_000_000_000L))
              .putInt(frame.length)
              .putInt(frame.length)
              .array());
      capture.write(frame);
    }
    return nanos;
  }

  private static String difference(Map<String, String> ours, Map<String, String> theirs) {
    Map<String, String> left = new TreeMap<>(ours);
    left.entrySet().removeAll(theirs.entrySet());
    Map<String, String> right = new TreeMap<>(theirs);
    right.entrySet().removeAll(ours.entrySet());
    return "\n  ours " + left + "\n  theirs " + right;
  }

  /** The rule, or all rules, without whose frames both are equal. */
  private String explain(Path file) throws Exception {
    for (Map.Entry<String, String> rule : RULES.entrySet()) {
      if (isEqualWithout(rule.getValue(), file)) {
        return "explained by " + rule.getKey();
      }
    }
    String all = RULES.values().stream().collect(Collectors.joining(") or (", "(", ")"));
    return isEqualWithout(all, file) ? "explained by several" : null;
  }

  private boolean isEqualWithout(String frames, Path file) throws Exception {
    Path cut = directory.resolve("cut.pcap");
    run(
        "tshark",
        "-n",
        "-o",
        "ip.defragment:false",
        "-o",
        "ipv6.defragment:false",
        "-r",
        file.toString(),
        "-Y",
        "not (" + frames + ")",
        "-F",
        "nsecpcap",
        "-w",
        cut.toString());
    Map<String, String> theirs = tshark(cut);
    return theirs != null && flows(cut).equals(theirs);
  }

  // ---- ours

  private Map<String, String> flows(Path file) throws IOException {
    Sums sums = new Sums();
    FlowTable table = new FlowTable(limits, sums::add);
    long frames = 0;
    try (CaptureFile source = CaptureFile.open(file)) {
      while (!source.isEnded()) {
        try (Block block = source.poll(100)) {
          Frame frame;
          while (block != null && (frame = block.next()) != null) {
            table.accept(frame);
            frames++;
          }
        }
      }
    } catch (CorruptBlockException e) {
      throw new AssertionError(file.toString(), e);
    } catch (IOException e) {
      // a file that is cut off: tshark too reads what comes before
    }
    table.endAll();
    assertThat(table.exportedFrames() + table.framesWithoutFlow()).isEqualTo(frames);
    return sums.texts();
  }

  /** Numbers by what they are of. */
  private static final class Sums {
    private final Map<String, long[]> ways = new TreeMap<>();
    private final Map<String, List<String>> values = new TreeMap<>();
    private final AddressText addresses = new AddressText();

    void add(Biflow flow) {
      String src = address(flow.ipVersion(), flow.srcUpper(), flow.srcLower());
      String dst = address(flow.ipVersion(), flow.dstUpper(), flow.dstLower());
      String ip = flow.ipVersion() == 4 ? "IPv4" : "IPv6";
      for (int way = 0; way < 2; way++) {
        String from = way == 0 ? src : dst;
        String to = way == 0 ? dst : src;
        count("conv " + ip, from, to, flow.packets(way), flow.frameOctets(way));
        String ports = flow.protocol() == IpProtocol.TCP ? "TCP" : "UDP";
        if (flow.srcPort() >= 0 && flow.protocol() != IpProtocol.SCTP) {
          String fromPort = from + ":" + (way == 0 ? flow.srcPort() : flow.dstPort());
          String toPort = to + ":" + (way == 0 ? flow.dstPort() : flow.srcPort());
          count("conv " + ports, fromPort, toPort, flow.packets(way), flow.frameOctets(way));
          if (flow.isTcp()) {
            count("tcp", fromPort, toPort, flow.retransmissions(way), flow.outOfOrder(way));
            count("zero", fromPort, toPort, flow.zeroWindows(way), 0);
          }
        }
      }
      byte[] digest = new byte[CommunityId.DIGEST_BYTES];
      if (flow.communityId(digest)) {
        value("id", CommunityId.text(digest));
      }
      if (flow.isTcp()) {
        String key = key(src + ":" + flow.srcPort(), dst + ":" + flow.dstPort());
        if (flow.initialRttNanos() > 0) {
          value("rtt " + key, Long.toString(flow.initialRttNanos()));
        }
        if (flow.tcpCompleteness() > 0) {
          value("completeness " + key, Integer.toString(flow.tcpCompleteness()));
        }
      }
    }

    private String address(int version, long upper, long lower) {
      StringBuilder text = new StringBuilder();
      addresses.append(text, version, upper, lower);
      return text.toString();
    }

    static String key(String a, String b) {
      return a.compareTo(b) < 0 ? a + " " + b : b + " " + a;
    }

    void count(String kind, String from, String to, long first, long second) {
      if (first != 0 || second != 0) {
        long[] sums = ways.computeIfAbsent(kind + " " + from + " " + to, each -> new long[2]);
        sums[0] += first;
        sums[1] += second;
      }
    }

    void value(String kind, String value) {
      List<String> list = values.computeIfAbsent(kind, each -> new ArrayList<>());
      if (!list.contains(value)) {
        list.add(value);
      }
    }

    /** Bytes of conversations as tshark writes them: thousands from ten on. */
    Map<String, String> texts() {
      Map<String, String> texts = new TreeMap<>();
      ways.forEach(
          (key, sums) ->
              texts.put(
                  key,
                  key.startsWith("conv")
                      ? sums[0] + " " + size(sums[1])
                      : sums[0] + " " + sums[1]));
      values.forEach((key, list) -> texts.put(key, list.stream().sorted().toList().toString()));
      return texts;
    }

    private static String size(long bytes) {
      return bytes < 10_000
          ? Long.toString(bytes)
          : bytes < 10_000_000 ? bytes / 1000 + "k" : bytes / 1_000_000 + "M";
    }
  }

  // ---- theirs

  private static final List<String> FIELDS =
      List.of(
          "ip.src",
          "ip.dst",
          "ipv6.src",
          "ipv6.dst",
          "tcp.srcport",
          "tcp.dstport",
          "tcp.stream",
          "tcp.analysis.retransmission",
          "tcp.analysis.out_of_order",
          "tcp.analysis.zero_window",
          "tcp.analysis.initial_rtt",
          "tcp.completeness",
          "communityid");

  private Map<String, String> tshark(Path file) throws Exception {
    List<String> command = new ArrayList<>(List.of("tshark", "-2", "-n", "-r", file.toString()));
    command.addAll(List.of("--enable-protocol", "communityid", "-T", "fields"));
    FIELDS.forEach(each -> command.addAll(List.of("-e", each)));
    for (String each : List.of("ip", "ipv6", "tcp", "udp")) {
      command.addAll(List.of("-z", "conv," + each));
    }
    List<String> lines = run(command.toArray(String[]::new));
    if (lines == null) {
      return null;
    }
    Sums sums = new Sums();
    Map<String, String> conversations = new TreeMap<>();
    Map<String, String[]> streams = new LinkedHashMap<>();
    String kind = null;
    for (String line : lines) {
      if (line.endsWith(" Conversations")) {
        kind = line.substring(0, 4).strip();
      } else if (kind == null && line.indexOf('\t') >= 0) {
        frame(line.split("\t", -1), sums, streams);
      } else if (line.contains("<->")) {
        conversation(kind, line, conversations);
      }
    }
    for (String[] stream : streams.values()) {
      if (!stream[1].isEmpty()) {
        sums.value("rtt " + stream[0], stream[1]);
      }
      if (!stream[2].equals("0")) {
        sums.value("completeness " + stream[0], stream[2]);
      }
    }
    conversations.putAll(sums.texts());
    return conversations;
  }

  private static void frame(String[] fields, Sums sums, Map<String, String[]> streams) {
    if (!fields[12].isEmpty()) {
      sums.value("id", fields[12].split(",")[0]);
    }
    if (fields[6].isEmpty()) {
      return;
    }
    String src = fields[0].isEmpty() ? fields[2] : fields[0];
    String dst = fields[1].isEmpty() ? fields[3] : fields[1];
    String from = src + ":" + fields[4];
    String to = dst + ":" + fields[5];
    sums.count("tcp", from, to, fields[7].isEmpty() ? 0 : 1, fields[8].isEmpty() ? 0 : 1);
    sums.count("zero", from, to, fields[9].isEmpty() ? 0 : 1, 0);
    String[] stream =
        streams.computeIfAbsent(fields[6], each -> new String[] {Sums.key(from, to), "", "0"});
    if (!fields[10].isEmpty() && stream[1].isEmpty()) {
      stream[1] = nanos(fields[10]);
    }
    if (!fields[11].isEmpty()) {
      stream[2] = fields[11];
    }
  }

  private static String nanos(String seconds) {
    String[] parts = seconds.split("\\.");
    return Long.toString(Long.parseLong(parts[0]) * 1_000_000_000L + Long.parseLong(parts[1]));
  }

  /** {@code A <-> B frames bytes frames bytes ...}: to A first. */
  private static void conversation(String kind, String line, Map<String, String> into) {
    String[] words =
        line.strip().replace(" bytes", "").replace(" kB", "k").replace(" MB", "M").split("\\s+");
    put("conv " + kind + " " + words[2] + " " + words[0], words[3], words[4], into);
    put("conv " + kind + " " + words[0] + " " + words[2], words[5], words[6], into);
  }

  /** A connection that reuses its ports has a line of its own. */
  private static void put(String key, String frames, String bytes, Map<String, String> into) {
    if (!frames.equals("0")) {
      into.merge(
          key,
          frames + " " + bytes,
          (a, b) -> {
            String[] x = a.split(" ");
            String[] y = b.split(" ");
            return Long.parseLong(x[0])
                + Long.parseLong(y[0])
                + " "
                + Sums.size(Long.parseLong(x[1]) + Long.parseLong(y[1]));
          });
    }
  }

  /** Null if it fails before its first line. */
  private List<String> run(String... command) throws Exception {
    Path out = directory.resolve("out.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(Arrays.toString(command)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(out, StandardCharsets.ISO_8859_1);
    return process.exitValue() != 0 && lines.stream().noneMatch(each -> each.indexOf('\t') >= 0)
        ? null
        : lines;
  }
}
