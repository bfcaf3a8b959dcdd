package dev.ringtap.flink.table;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.table.functions.FunctionDefinition;

/** The functions of {@code LOAD MODULE ringtap}, in the order of the documentation. */
enum PacketFunction {
  IN_SUBNET(
      InSubnet::new,
      "address STRING, subnet STRING",
      "BOOLEAN",
      "whether an IP address is in a subnet, `'10.0.0.0/8'`; the"
          + " [kernel](#what-the-kernel-does-for-a-query) decides it"),
  /** The planner (2.3) looks a function up again without underscores, to give it to the source. */
  INSUBNET(InSubnet::new, "address STRING, subnet STRING", "BOOLEAN", "the same"),
  IS_PRIVATE(
      PacketFunctions.IsPrivate::new,
      "address STRING",
      "BOOLEAN",
      "whether an IP address is in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fc00::/7"),
  MAC_VENDOR_PREFIX(
      PacketFunctions.MacVendorPrefix::new,
      "address STRING",
      "STRING",
      "the first three bytes of a MAC address, which the IEEE assigns to vendors: `00:1b:21`"),
  TCP_FLAGS_TEXT(
      PacketFunctions.TcpFlagsText::new,
      "flags INT",
      "STRING",
      "names of the TCP flags that are set, in the order of their bits: `SYN,ACK`"),
  DNS_QUESTION_NAME(
      PacketFunctions.DnsQuestionName::new,
      "payload BYTES",
      "STRING",
      "the name that the first question asks for, `example.org`; `.` is the root"),
  DNS_QUESTION_TYPE(
      PacketFunctions.DnsQuestionType::new,
      "payload BYTES",
      "INT",
      "the type that it asks for: 1 A, 28 AAAA, 12 PTR, 65 HTTPS"),
  DNS_RCODE(
      PacketFunctions.DnsRcode::new,
      "payload BYTES",
      "INT",
      "code of a response: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN; NULL for a query"),
  DNS_ANSWERS(
      PacketFunctions.DnsAnswers::new,
      "payload BYTES",
      "ARRAY<STRING>",
      "addresses of A and AAAA, names of CNAME, DNAME, NS, PTR, MX and SRV, texts of TXT; NULL if"
          + " there are none"),
  TLS_SNI(
      PacketFunctions.TlsSni::new, "payload BYTES", "STRING", "the server's name in a ClientHello"),
  TLS_ALPN(
      PacketFunctions.TlsAlpn::new,
      "payload BYTES",
      "ARRAY<STRING>",
      "the application protocols that a ClientHello offers, or the one that a ServerHello chose;"
          + " a server of TLS 1.3 encrypts its choice"),
  TLS_VERSION(
      PacketFunctions.TlsVersion::new,
      "payload BYTES",
      "STRING",
      "the highest version that a ClientHello offers, or the one that a ServerHello chose: `TLS"
          + " 1.3`"),
  HTTP_REQUEST_LINE(
      PacketFunctions.HttpRequestLine::new,
      "payload BYTES",
      "STRING",
      "first line of an HTTP/1 request, `GET / HTTP/1.1`"),
  HTTP_HOST(
      PacketFunctions.HttpHost::new, "payload BYTES", "STRING", "header Host of an HTTP/1 request");

  static final Map<String, PacketFunction> ALL = all();

  private final Supplier<FunctionDefinition> made;
  private final String parameters;
  private final String returns;
  private final String description;

  PacketFunction(
      Supplier<FunctionDefinition> made, String parameters, String returns, String description) {
    this.made = made;
    this.parameters = parameters;
    this.returns = returns;
    this.description = description;
  }

  private static Map<String, PacketFunction> all() {
    Map<String, PacketFunction> all = new LinkedHashMap<>();
    Arrays.stream(values()).forEach(each -> all.put(each.functionName(), each));
    return Collections.unmodifiableMap(all);
  }

  String functionName() {
    return name().toLowerCase(Locale.ROOT);
  }

  FunctionDefinition definition() {
    return made.get();
  }

  String parameters() {
    return parameters;
  }

  String returns() {
    return returns;
  }

  String description() {
    return description;
  }
}
