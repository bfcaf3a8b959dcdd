package dev.ringtap.flink.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.Block;
import dev.ringtap.capture.Frame;
import dev.ringtap.capture.LinkType;
import dev.ringtap.file.CaptureFile;
import dev.ringtap.packet.PacketHeaders;
import dev.ringtap.testkit.Requirements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every function says of each frame what tshark says, except the {@link Difference}s that are
 * meant. Reads the captures among the test's resources, and with {@code
 * -Dringtap.captures=DIRECTORY} those in it.
 */
@Timeout(3600)
class FunctionsIT {
  private static final Path OWN = Path.of("src", "test", "resources", "captures");
  private static final String AND = "\u0001";

  private static final List<String> ANSWERS =
      List.of(
          "dns.a",
          "dns.aaaa",
          "dns.cname",
          "dns.dname",
          "dns.ns",
          "dns.ptr.domain_name",
          "dns.mx.mail_exchange",
          "dns.srv.target",
          "dns.txt");

  private static final List<String> FIELDS =
      Stream.concat(
              Stream.of(
                  "frame.number",
                  "frame.protocols",
                  "_ws.malformed",
                  "eth.src.oui",
                  "tcp.flags.str",
                  "ip.src",
                  "ipv6.src",
                  "dns.qry.name",
                  "dns.qry.type",
                  "dns.flags.rcode",
                  "dns.count.queries",
                  "dns.count.auth_rr",
                  "dns.count.add_rr",
                  "tls.handshake.type",
                  "tls.handshake.version",
                  "tls.handshake.extensions.supported_version",
                  "tls.handshake.extensions_server_name",
                  "tls.handshake.extensions_alpn_str",
                  "http.request.method",
                  "http.request.uri",
                  "http.request.version",
                  "http.host"),
              ANSWERS.stream())
          .toList();

  private static final Set<Integer> LINK_TYPES =
      Set.of(LinkType.ETHERNET, LinkType.RAW_IP, LinkType.LINUX_SLL, LinkType.LINUX_SLL2);

  /** What a frame carries at once: link, tags, IP with its extension headers, TCP or UDP. */
  private static final String DIRECT =
      "((eth|sll|ethertype|vlan|ieee8021ad|raw):)*(ip|ipv6)(:ipv6\\.[a-z]+|:ah)*:(tcp|udp)"
          + "(:(dns|mdns|llmnr|tls|http|ssdp)((?!:http|:ip).)*)?";

  private static final String PRIVATE =
      "ip.src == 10.0.0.0/8 or ip.src == 172.16.0.0/12 or ip.src == 192.168.0.0/16"
          + " or ipv6.src == fc00::/7";

  /** Of fuzzers, and of tests of what decoders do with faults. */
  private static final String DAMAGED_FILES =
      "(fuzz-|malformed_dns|dns_fwdptr|someip1|badpackets|ip_fragmented_garbage|http-manipulated"
          + "|reasm_crash|communityid|netbios_wildcard_dns).*";

  private static final String REORDERED_FILES = "(alexa-app|challenge01_ooo|dns-ooo).*";

  private static final String KNOWN = ".*:(dns|mdns|llmnr|tls|http|ssdp)\\b.*";

  /** Why tshark says something else. */
  private enum Difference {
    /** None. */
    EQUAL("equal"),
    /** The columns are NULL. */
    LINK_TYPE("link type other than Ethernet, raw IP, SLL and SLL2: not decoded"),
    /** A field of another name. */
    COOKED("sender of a cooked frame: tshark has it in another field"),
    /** More than a function looks into. */
    CARRIED("carried by a tunnel, QUIC, EAP, or TLS whose keys tshark has"),
    /** Fewer ports than a function, which looks at none. */
    OTHER_PORT("on a port where tshark does not look for the protocol"),
    /** What a segment holds of it is enough. */
    PARTIAL("TLS record that goes on in another segment: tshark does not read it alone"),
    /** As in zone files. */
    ESCAPED(
        "bytes of a DNS label that are not visible ASCII, and binary TXT: `\\\\DDD`, and whole"),
    /** A client of the 1990s. */
    SSL_2("hello in the format of SSL 2"),
    /** Of the same connection. */
    ORDER("retransmitted or reordered segment, which tshark reads by those before"),
    /** Of tests of decoders. */
    DAMAGED("damaged or made-up packet: tshark tells what comes before the fault"),
    /** To be looked at. */
    UNEXPLAINED("unexplained");

    private final String description;

    Difference(String description) {
      this.description = description;
    }

    @Override
    public String toString() {
      return description;
    }

    private static Difference of(
        String function,
        Path path,
        Said said,
        int linkType,
        byte[] payload,
        String theirs,
        String ours) {
      String protocols = said.first("frame.protocols");
      if (theirs != null && theirs.equals(ours)) {
        return EQUAL;
      }
      if (ours == null && !LINK_TYPES.contains(linkType)) {
        return LINK_TYPE;
      }
      if (theirs == null && protocols.startsWith("sll:") && function.startsWith("mac_")) {
        return COOKED;
      }
      if (theirs != null && !protocols.matches(DIRECT)) {
        return CARRIED;
      }
      if (theirs == null && !protocols.matches(KNOWN) && !function.startsWith("tcp_")) {
        return OTHER_PORT;
      }
      if (theirs == null && payload != null && isPartial(payload)) {
        return PARTIAL;
      }
      if (function.startsWith("dns_")
          && theirs != null
          && ours != null
          && isEscaped(theirs, ours)) {
        return ESCAPED;
      }
      if (function.equals("dns_answers") && said.all("dns.txt").length > 0) {
        return ESCAPED;
      }
      if (function.startsWith("tls_") && ours == null && payload[0] < 0) {
        return SSL_2;
      }
      if (path.getFileName().toString().matches(DAMAGED_FILES)) {
        return DAMAGED;
      }
      if (path.getFileName().toString().matches(REORDERED_FILES)) {
        return ORDER;
      }
      return UNEXPLAINED;
    }
  }

  private static boolean isPartial(byte[] payload) {
    int at = 0;
    while (at + 5 <= payload.length && payload[at] >= 20 && payload[at] <= 23) {
      at += 5 + (Byte.toUnsignedInt(payload[at + 3]) << 8 | Byte.toUnsignedInt(payload[at + 4]));
    }
    return at > payload.length;
  }

  /** Visible ASCII is the same in both. */
  private static boolean isEscaped(String theirs, String ours) {
    String visible = "[^!-~]+";
    String plain = ours.replaceAll("\\\\\\d{3}", "").replaceAll("\\\\(.)", "$1");
    return ours.matches("(?s).*([^!-~]|\\\\).*")
        && plain.replaceAll(visible, "").startsWith(theirs.replaceAll(visible, ""));
  }

  /** What tshark says of a frame. */
  private record Said(String[] values) {
    String[] all(String field) {
      String value = values[FIELDS.indexOf(field)];
      return value.isEmpty() ? new String[0] : value.split(AND, -1);
    }

    String first(String field) {
      String[] all = all(field);
      return all.length == 0 ? null : all[0];
    }
  }

  /** By the function. */
  private final Map<String, Map<Difference, Integer>> counts = new TreeMap<>();

  private final List<String> unexplained = new ArrayList<>();
  private Path path;
  private int linkType;
  private Set<String> privateSources;
  private byte[] payload;

  /** Whether answers are equal except for escapes. */
  private boolean escaped;

  private Said said;

  @Test
  void functionsSayWhatTsharkSays() throws Exception {
    Requirements.programs("tshark");
    int read = 0;
    List<Path> captures = captures();
    for (Path each : captures) {
      path = each;
      read += compare() ? 1 : 0;
    }
    System.out.println(read + " of " + captures.size() + " captures");
    System.out.println(
        "| function | "
            + Arrays.stream(Difference.values())
                .map(Difference::toString)
                .collect(Collectors.joining(" | "))
            + " |");
    for (PacketFunction function : PacketFunction.values()) {
      StringBuilder row = new StringBuilder("| `" + function.functionName() + "` |");
      for (Difference each : Difference.values()) {
        Map<Difference, Integer> of = counts.getOrDefault(function.functionName(), Map.of());
        row.append(' ').append(of.getOrDefault(each, 0)).append(" |");
      }
      System.out.println(row);
    }
    unexplained.forEach(System.out::println);
    assertThat(unexplained).isEmpty();
  }

  private static List<Path> captures() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String each : List.of(OWN.toString(), System.getProperty("ringtap.captures", ""))) {
      if (!each.isEmpty()) {
        try (Stream<Path> all = Files.walk(Path.of(each))) {
          all.filter(file -> file.toString().matches(".*\\.(pcap|pcapng|cap)(\\.gz)?"))
              .filter(Files::isRegularFile)
              .sorted()
              .forEach(files::add);
        }
      }
    }
    return files;
  }

  /** A line of a frame. */
  private static String[] tshark(Path file, List<String> fields, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("tshark", "-n", "-r", file.toString(), "-T", "fields", "-E", "occurrence=a"));
    command.addAll(List.of("-E", "aggregator=" + AND, "-E", "separator=/t"));
    command.addAll(Arrays.asList(more));
    for (String each : List.of("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams")) {
      command.addAll(List.of("-o", each + ":FALSE"));
    }
    fields.forEach(field -> command.addAll(List.of("-e", field)));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return out.isEmpty() ? new String[0] : out.split("\n");
  }

  private static Map<Integer, Said> tshark(Path file) throws Exception {
    Map<Integer, Said> said = new HashMap<>();
    for (String line : tshark(file, FIELDS)) {
      String[] values = line.split("\t", -1);
      // a text may have an end of line
      if (values.length == FIELDS.size()) {
        said.put(Integer.valueOf(values[0]), new Said(values));
      }
    }
    return said;
  }

  /** Whether the capture can be read, as far as tshark reads it. */
  private boolean compare() throws Exception {
    Map<Integer, Said> all = tshark(path);
    privateSources = Set.of(tshark(path, List.of("frame.number"), "-Y", PRIVATE));
    PacketHeaders headers = new PacketHeaders();
    int number = 0;
    try (CaptureFile file = CaptureFile.open(path)) {
      while (!file.isEnded()) {
        try (Block block = file.poll(0)) {
          Frame frame;
          while (block != null && (frame = block.next()) != null) {
            linkType = frame.linkType();
            said = all.get(++number);
            if (said != null) {
              compare(headers.parse(frame));
            }
          }
        }
      }
    } catch (IOException e) {
      // damaged on purpose
      return number > 0;
    }
    return true;
  }

  private void compare(PacketHeaders headers) {
    payload = headers.payload();
    int flags = headers.tcpFlags();
    check(
        "tcp_flags_text",
        flags(said.first("tcp.flags.str")),
        new PacketFunctions.TcpFlagsText().eval(flags < 0 ? null : flags));
    check(
        "mac_vendor_prefix",
        oui(said.first("eth.src.oui")),
        new PacketFunctions.MacVendorPrefix().eval(headers.ethSrc()));
    check(
        "dns_question_name",
        name(said.first("dns.qry.name")),
        new PacketFunctions.DnsQuestionName().eval(payload));
    check(
        "dns_question_type",
        said.first("dns.qry.type"),
        text(new PacketFunctions.DnsQuestionType().eval(payload)));
    check(
        "dns_rcode",
        said.first("dns.flags.rcode"),
        text(new PacketFunctions.DnsRcode().eval(payload)));
    if (headers.ipSrc() != null && said.all("ip.src").length + said.all("ipv6.src").length == 1) {
      check(
          "is_private",
          "" + privateSources.contains(said.first("frame.number")),
          "" + new PacketFunctions.IsPrivate().eval(headers.ipSrc()));
    }
    String[] answers = new PacketFunctions.DnsAnswers().eval(payload);
    check("dns_answers", answers(answers), answers == null ? null : sorted(Arrays.stream(answers)));
    escaped = false;
    check(
        "tls_sni",
        said.first("tls.handshake.extensions_server_name"),
        new PacketFunctions.TlsSni().eval(payload));
    check(
        "tls_alpn",
        list(said.all("tls.handshake.extensions_alpn_str")),
        list(new PacketFunctions.TlsAlpn().eval(payload)));
    check("tls_version", version(), new PacketFunctions.TlsVersion().eval(payload));
    String method = said.first("http.request.method");
    check(
        "http_request_line",
        method == null
            ? null
            : method
                + " "
                + said.first("http.request.uri")
                + " "
                + said.first("http.request.version"),
        new PacketFunctions.HttpRequestLine().eval(payload));
    // tshark keeps the spaces after a value, which RFC 9110 does not count to it
    String host = said.first("http.host");
    check(
        "http_host",
        host == null ? null : host.strip(),
        new PacketFunctions.HttpHost().eval(payload));
  }

  private void check(String function, String theirs, String ours) {
    if (theirs == null && ours == null) {
      return;
    }
    Difference why = Difference.of(function, path, said, linkType, payload, theirs, ours);
    if (why == Difference.EQUAL && escaped) {
      why = Difference.ESCAPED;
    }
    counts
        .computeIfAbsent(function, each -> new EnumMap<>(Difference.class))
        .merge(why, 1, Integer::sum);
    if (why == Difference.UNEXPLAINED) {
      unexplained.add(
          String.join(
                  "\t",
                  function,
                  said.first("frame.protocols"),
                  theirs,
                  ours,
                  path + ":" + said.first("frame.number"))
              .replaceAll("\\p{Cntrl}", " "));
    }
  }

  private static String text(Object value) {
    return value == null ? null : value.toString();
  }

  private static String list(String[] values) {
    return values == null || values.length == 0 ? null : String.join(" ", values);
  }

  private static String sorted(Stream<String> values) {
    return list(values.sorted().toArray(String[]::new));
  }

  private static String name(String name) {
    return "<Root>".equals(name) ? "." : name;
  }

  /**
   * tshark does not tell answers from what other sections hold: those that are ours too. A text of
   * tshark's that equals ours except for escapes is taken as ours.
   */
  private String answers(String[] ours) {
    List<String> left = new ArrayList<>(ours == null ? List.of() : Arrays.asList(ours));
    boolean mixed =
        !"0".equals(said.first("dns.count.auth_rr")) || !"0".equals(said.first("dns.count.add_rr"));
    List<String> found = new ArrayList<>();
    for (String field : ANSWERS) {
      for (String each : said.all(field)) {
        String name = name(each);
        String same =
            left.contains(name)
                ? name
                : left.stream().filter(one -> isEscaped(name, one)).findFirst().orElse(null);
        if (same != null) {
          left.remove(same);
          found.add(same);
          escaped |= !same.equals(name);
        } else if (!mixed) {
          found.add(name);
        }
      }
    }
    return sorted(found.stream());
  }

  private static String oui(String number) {
    return number == null
        ? null
        : String.format("%06x", Integer.decode(number)).replaceAll("(..)(..)(..)", "$1:$2:$3");
  }

  private static String flags(String text) {
    String letters = "FSRPAUEC";
    String[] names = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    List<String> found = new ArrayList<>();
    // reserved bits have an R too
    String last = text == null ? "" : text.substring(text.length() - names.length);
    for (int i = 0; i < names.length; i++) {
      if (last.indexOf(letters.charAt(i)) >= 0) {
        found.add(names[i]);
      }
    }
    return text == null ? null : String.join(",", found);
  }

  private String version() {
    String type = said.first("tls.handshake.type");
    if (!"1".equals(type) && !"2".equals(type)) {
      return null;
    }
    String number =
        Arrays.stream(said.all("tls.handshake.extensions.supported_version"))
            .filter(each -> type.equals("2") || each.matches("0x030[0-4]"))
            .max(String::compareTo)
            .orElse(said.first("tls.handshake.version"));
    return number == null
        ? null
        : number
            .replaceFirst("0x0300", "SSL 3.0")
            .replaceFirst("0x0304", "TLS 1.3")
            .replaceFirst("0x0303", "TLS 1.2")
            .replaceFirst("0x0302", "TLS 1.1")
            .replaceFirst("0x0301", "TLS 1.0");
  }
}
