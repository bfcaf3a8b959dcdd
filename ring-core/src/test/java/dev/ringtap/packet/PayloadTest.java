package dev.ringtap.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** DNS, TLS and HTTP as they lie in one frame. */
@Timeout(20)
class PayloadTest {
  private static byte[] hex(String... parts) {
    return HexFormat.of().parseHex(String.join("", parts).replace(" ", ""));
  }

  private static String ascii(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static final String EXAMPLE_ORG = "07" + ascii("example") + "03" + ascii("org") + "00";
  private static final String QUERY = "1234 0100 0001 0000 0000 0000" + EXAMPLE_ORG + "0001 0001";

  private static final String RECORD = "00000e10";

  @Test
  void aDnsQueryAsks() {
    DnsMessage dns = DnsMessage.of(hex(QUERY));
    assertThat(dns.questionName()).isEqualTo("example.org");
    assertThat(dns.questionType()).isEqualTo(1);
    assertThat(dns.isResponse()).isFalse();
    assertThat(dns.rcode()).isEqualTo(-1);
    assertThat(dns.answers()).isEmpty();
  }

  @Test
  void aDnsResponseAnswersInTheOrderOfItsRecords() {
    byte[] response =
        hex(
            "1234 8183 0001 0007 0000 0000" + EXAMPLE_ORG + "0001 0001",
            "c00c 0005 0001" + RECORD + "0006 03" + ascii("www") + "c00c",
            "c00c 0001 0001" + RECORD + "0004 c0000201",
            "c00c 001c 0001" + RECORD + "0010 20010db8000000000000000000000001",
            "c00c 000f 0001" + RECORD + "0004 000a c00c",
            "c00c 0010 0001" + RECORD + "0006 02" + ascii("ab") + "02" + ascii("cd"),
            "c00c 0041 0001" + RECORD + "0002 0001",
            "c00c 0021 0001" + RECORD + "0008 0001 0002 01bb c00c");
    DnsMessage dns = DnsMessage.of(response);
    assertThat(dns.rcode()).isEqualTo(3);
    List<String> all =
        List.of(
            "www.example.org", "192.0.2.1", "2001:db8::1", "example.org", "abcd", "example.org");
    assertThat(dns.answers()).isEqualTo(all);
    assertThat(DnsMessage.of(Arrays.copyOf(response, response.length - 1)).answers())
        .as("cut off within the last record")
        .isEqualTo(all.subList(0, 5));
  }

  @Test
  void overTcpALengthComesFirst() {
    byte[] query = hex(QUERY);
    byte[] framed =
        ByteBuffer.allocate(2 + query.length).putShort((short) query.length).put(query).array();
    assertThat(DnsMessage.of(framed).questionName()).isEqualTo("example.org");
  }

  @Test
  void bytesOfALabelAreWrittenAsZoneFilesHaveThem() {
    byte[] query = hex("1234 0100 0001 0000 0000 0000 05 61 2e 5c 00 ff 00 0001 0001");
    assertThat(DnsMessage.of(query).questionName()).isEqualTo("a\\.\\\\\\000\\255");
    assertThat(DnsMessage.of(hex("1234 0100 0001 0000 0000 0000 00 0002 0001")).questionName())
        .isEqualTo(".");
  }

  @Test
  void whatIsNoDnsIsNone() {
    String netBios = "20" + ascii("EJFDEBFEEBFACACACACACACACACACAAA") + "00";
    for (String each :
        List.of(
            "",
            QUERY.substring(0, QUERY.length() - 2),
            "1234 0100 0001 0000 0000 0000 c00c 0001 0001",
            "1234 0100 0001 0000 0000 0000 c00e 00c0 0c00 0100 01",
            "1234 0100 0001 0000 0000 0000" + EXAMPLE_ORG + "0001 4321",
            "1234 1900 0001 0000 0000 0000" + EXAMPLE_ORG + "0001 0001",
            "1234 0100 0000 0000 0000 0000",
            "1234 0110 0001 0000 0000 0000" + netBios + "0020 0001")) {
      assertThat(DnsMessage.of(hex(each))).as(each).isNull();
    }
    assertThat(DnsMessage.of("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes())).isNull();
    assertThat(DnsMessage.of(hex("1234 8101 0000 0000 0000 0000")).rcode())
        .as("nothing but an error")
        .isEqualTo(1);
  }

  private static String sized(int lengthBytes, String... parts) {
    String body = String.join("", parts).replace(" ", "");
    return String.format("%0" + 2 * lengthBytes + "x", body.length() / 2) + body;
  }

  private static String hello(int type, String version, String... extensions) {
    String body =
        version
            + "00".repeat(32)
            + "00"
            + (type == 1 ? sized(2, "1301") + sized(1, "00") : "1301 00")
            + sized(2, extensions);
    return "16 0301" + sized(2, String.format("%02x", type), sized(3, body));
  }

  private static final String SNI = "0000" + sized(2, sized(2, "00", sized(2, ascii("a.example"))));
  private static final String ALPN =
      "0010" + sized(2, sized(2, sized(1, ascii("h2")), sized(1, ascii("http/1.1"))));

  @Test
  void aTlsClientHelloNamesTheServer() {
    byte[] payload =
        hex(hello(1, "0303", "0a0a0000", SNI, ALPN, "002b", sized(2, "06 7a7a 0304 0303")));
    TlsHello hello = TlsHello.of(payload);
    assertThat(hello.isClient()).isTrue();
    assertThat(hello.serverName()).isEqualTo("a.example");
    assertThat(hello.protocols()).containsExactly("h2", "http/1.1");
    assertThat(hello.version()).isEqualTo("TLS 1.3");
    TlsHello first = TlsHello.of(Arrays.copyOf(payload, payload.length - 12));
    assertThat(first.serverName()).as("goes on in another segment").isEqualTo("a.example");
    assertThat(first.version()).as("what stands in front").isEqualTo("TLS 1.2");
  }

  @Test
  void aTlsServerHelloChooses() {
    TlsHello hello = TlsHello.of(hex(hello(2, "0303", "002b", sized(2, "0304"))));
    assertThat(hello.isClient()).isFalse();
    assertThat(hello.version()).isEqualTo("TLS 1.3");
    assertThat(hello.serverName()).isNull();
    hello =
        TlsHello.of(hex(hello(2, "0303", SNI, "0010", sized(2, sized(2, sized(1, ascii("h2")))))));
    assertThat(hello.version()).isEqualTo("TLS 1.2");
    assertThat(hello.protocols()).containsExactly("h2");
    assertThat(hello.serverName()).isNull();
    assertThat(TlsHello.of(hex(hello(2, "0300"))).version()).isEqualTo("SSL 3.0");
  }

  /** A hello in records of ten bytes. */
  @Test
  void aTlsHelloMayBeInSeveralRecords() {
    byte[] message = hex(hello(1, "0303", SNI));
    ByteBuffer records = ByteBuffer.allocate(2 * message.length);
    for (int at = 5; at < message.length; at += 10) {
      int length = Math.min(10, message.length - at);
      records.put((byte) 22).putShort((short) 0x0301).putShort((short) length);
      records.put(message, at, length);
    }
    byte[] payload = Arrays.copyOf(records.array(), records.position());
    assertThat(TlsHello.of(payload).serverName()).isEqualTo("a.example");
  }

  @Test
  void whatIsNoTlsHelloIsNone() {
    for (byte[] each :
        List.of(
            hex("160301"),
            hex("16 0301 0004 0b 000000"),
            hex(hello(1, "0203", SNI)),
            hex(hello(1, "0303", SNI).replaceFirst("16", "17")),
            "GET / HTTP/1.1\r\n\r\n".getBytes())) {
      assertThat(TlsHello.of(each)).isNull();
    }
  }

  private static HttpRequest http(String text) {
    return HttpRequest.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void anHttpRequestHasALineAndAHost() {
    HttpRequest request =
        http("GET /a?b=c HTTP/1.1\r\nAccept: */*\r\nhOST:  a.example \r\n\r\nHost: b");
    assertThat(request.line()).isEqualTo("GET /a?b=c HTTP/1.1");
    assertThat(request.host()).isEqualTo("a.example");
    assertThat(http("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n").host())
        .isEqualTo("239.255.255.250:1900");
    assertThat(http("GET / HTTP/1.0\n\nHost: body\n").host()).isNull();
    assertThat(http("GET / HTTP/1.1\r\nHost: a.exa").host()).as("its line goes on").isNull();
  }

  @Test
  void whatIsNoHttpRequestIsNone() {
    for (String each :
        List.of(
            "",
            "GET",
            "GET / HTTP/1.1",
            "GET HTTP/1.1\r\n",
            "get / HTTP/1.1\r\n",
            "GET / HTTP/2.0\r\n",
            "GET / HTTP/1.x\r\n",
            "HTTP/1.1 200 OK\r\n",
            "OPTIONS rtsp://a RTSP/1.0\r\n")) {
      assertThat(http(each)).as(each).isNull();
    }
  }
}
