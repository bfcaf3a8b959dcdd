package dev.ringtap.testcontainers;

import static dev.ringtap.testcontainers.PacketsAssert.assertThatPackets;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class PacketsAssertTest {
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int ACK = 16;

  private static List<CapturedPacket> packets(ObjectNode... fields) {
    return Stream.of(fields).map(CapturedPacket::new).collect(Collectors.toList());
  }

  private static ObjectNode request(int flags, long sequence, String text) {
    byte[] data = text.getBytes(StandardCharsets.UTF_8);
    return CapturedPacketTest.tcp(flags, HexFormat.of().formatHex(data))
        .put("ipSrc", "10.0.0.1")
        .put("srcPort", 40_000)
        .put("ipDst", "10.0.0.2")
        .put("dstPort", 443)
        .put("tcpSequence", sequence);
  }

  private static ObjectNode answer(int flags, long sequence, String text) {
    return request(flags, sequence, text)
        .put("ipSrc", "10.0.0.2")
        .put("srcPort", 443)
        .put("ipDst", "10.0.0.1")
        .put("dstPort", 40_000)
        .put("packetType", "HOST");
  }

  private static ObjectNode hello(ObjectNode packet, String version) {
    packet.putObject("tls").put("client", true).put("version", version);
    return packet;
  }

  private static void assertFails(ThrowingCallable assertion, String message) {
    assertThatThrownBy(assertion).isInstanceOf(AssertionError.class).hasMessageContaining(message);
  }

  @Test
  void choosesByPort() {
    List<CapturedPacket> both = packets(request(ACK, 1, "a"), answer(ACK, 1, "b"));
    assertThatPackets(both).toPort(443).isNotEmpty();
    assertThatPackets(both).fromPort(443).carriesAtMost(60);
    assertFails(() -> assertThatPackets(both).withPort(443).carriesAtMost(119), "there are 120");
    assertThatPackets(both).toPort(80).isEmpty();
    assertFails(() -> assertThatPackets(both).toPort(443).isEmpty(), "no packet, but there are 1");
  }

  @Test
  void aFailureShowsWhatThereWas() {
    List<CapturedPacket> both = packets(request(ACK, 1, "a"), answer(ACK, 1, "b"));
    assertThatThrownBy(() -> assertThatPackets(both).toPort(80).isNotEmpty())
        .hasMessageContainingAll(
            "expected at least one packet",
            "0 packets of 2:",
            "10.0.0.1:40000",
            "10.0.0.2:443",
            "2 packets       120 bytes",
            "as tcpdump has it");
  }

  @Test
  void aSynThatIsSentAgainIsNoFurtherConnection() {
    List<CapturedPacket> syns =
        packets(request(SYN, 1, ""), request(SYN, 1, ""), request(SYN, 9, ""));
    assertThatPackets(syns).opensConnections(2, 2).retransmitsAtMost(1);
    assertFails(
        () -> assertThatPackets(syns).opensConnections(3, 9), "3 to 9 connections opened, but");
    assertFails(() -> assertThatPackets(syns).retransmitsAtMost(0), "but there are 1");
  }

  @Test
  void acknowledgmentsAreNoRetransmissions() {
    assertThatPackets(
            packets(
                request(ACK, 1, ""),
                request(ACK, 1, ""),
                request(ACK, 1, "a"),
                request(ACK, 2, "a"),
                request(ACK | FIN, 3, "")))
        .retransmitsAtMost(0);
  }

  @Test
  void refusalIsAResetBeforeAnAnswer() {
    assertFails(
        () ->
            assertThatPackets(packets(request(SYN, 1, ""), answer(RST | ACK, 0, "")))
                .hasNoRefusedConnection(),
        "no refused connection, but this one");
    assertThatPackets(
            packets(request(SYN, 1, ""), answer(SYN | ACK, 1, ""), answer(RST | ACK, 2, "")))
        .hasNoRefusedConnection();
  }

  @Test
  void clearTextIsFoundAcrossSegments() {
    List<CapturedPacket> split =
        packets(request(ACK, 1, "pass"), answer(ACK, 1, "x"), request(ACK, 5, "word"));
    assertFails(() -> assertThatPackets(split).hasNoClearText("password"), "\"password\"");
    assertThatPackets(split).hasNoClearText("passport");
    assertThatPackets(packets(request(ACK, 1, "a"), request(ACK, 1, "a"))).hasNoClearText("aa");
  }

  @Test
  void tlsIsWhatConnectionsBeginWith() {
    List<CapturedPacket> tls =
        packets(hello(request(ACK, 1, "h"), "TLS 1.3"), request(ACK, 2, "x"));
    assertThatPackets(tls).usesTls().usesTls("TLS 1.3");
    assertFails(() -> assertThatPackets(tls).usesTls("TLS 1.2"), "TLS 1.2, but there is TLS 1.3");
    assertFails(
        () -> assertThatPackets(packets(request(ACK, 1, "GET"))).usesTls(),
        "TLS, but a connection begins with");
    assertFails(() -> assertThatPackets(packets(request(SYN, 1, ""))).usesTls(), "has data");
  }

  @Test
  void namesAndRequests() {
    ObjectNode dns = CapturedPacketTest.fields();
    dns.putObject("dns").put("questionName", "shop.example");
    ObjectNode http = CapturedPacketTest.fields();
    http.putObject("http").put("line", "GET / HTTP/1.1");
    List<CapturedPacket> packets = packets(dns, http);
    assertThatPackets(packets).asksDnsFor("shop.example").requestsHttp("GET / HTTP/1.1");
    assertFails(() -> assertThatPackets(packets).asksDnsFor("bank"), "there are [shop.example]");
    assertFails(
        () -> assertThatPackets(packets).requestsHttp("PUT / HTTP/1.1"), "[GET / HTTP/1.1]");
  }

  @Test
  void chainsKeepTheirType() {
    assertThat(assertThatPackets(packets()).isEmpty()).isInstanceOf(PacketsAssert.class);
  }
}
