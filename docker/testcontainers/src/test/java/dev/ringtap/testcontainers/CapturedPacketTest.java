package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class CapturedPacketTest {
  private static final int SYN = 2;
  private static final int ACK = 16;

  static ObjectNode fields() {
    return new ObjectMapper()
        .createObjectNode()
        .put("timestamp", "2026-01-02T03:04:05.123456789Z")
        .put("host", "shop")
        .put("interfaceName", "eth0")
        .put("sequence", 7)
        .put("originalLength", 60)
        .put("linkType", 1)
        .put("packetType", "OUTGOING")
        .put("payload", new byte[0])
        .put("line", "as tcpdump has it");
  }

  /** Of TCP, with a header of one byte in front of the data. */
  static ObjectNode tcp(int flags, String dataHex) {
    byte[] frame = HexFormat.of().parseHex("00" + dataHex);
    return fields()
        .put("ipProtocol", 6)
        .put("tcpFlags", flags)
        .put("payload", frame)
        .put("l4PayloadOffset", 1)
        .put("l4PayloadLength", frame.length - 1);
  }

  @Test
  void clientHelloIsToldFromServerHello() {
    assertThat(new CapturedPacket(tls(true)).isTlsClientHello()).isTrue();
    assertThat(new CapturedPacket(tls(false)).isTlsClientHello()).isFalse();
    assertThat(new CapturedPacket(tls(false)).tlsVersion()).isEqualTo("TLS 1.3");
    assertThat(new CapturedPacket(tcp(ACK, "")).isTlsClientHello()).isFalse();
  }

  private static ObjectNode tls(boolean client) {
    ObjectNode fields = tcp(ACK, "16");
    fields.putObject("tls").put("client", client).put("version", "TLS 1.3");
    return fields;
  }

  @Test
  void onlyASynAloneAsksForAConnection() {
    assertThat(new CapturedPacket(tcp(SYN, "")).isConnectionRequest()).isTrue();
    assertThat(new CapturedPacket(tcp(SYN | ACK, "")).isConnectionRequest()).isFalse();
    assertThat(new CapturedPacket(tcp(ACK, "")).isConnectionRequest()).isFalse();
    assertThat(new CapturedPacket(fields()).isConnectionRequest()).isFalse();
  }

  @Test
  void dataEndsWhereTheCapturedBytesEnd() {
    assertThat(new CapturedPacket(tcp(ACK, "4745").put("l4PayloadLength", 100)).text())
        .isEqualTo("GE");
    assertThat(new CapturedPacket(tcp(ACK, "4745").put("l4PayloadLength", 1)).text())
        .isEqualTo("G");
    assertThat(new CapturedPacket(tcp(ACK, "4745").put("l4PayloadOffset", 9)).data()).isEmpty();
    assertThat(new CapturedPacket(fields()).data()).isEmpty();
  }

  @Test
  void whatIsAbsentIsMinusOneOrNull() {
    CapturedPacket packet = new CapturedPacket(fields());
    assertThat(packet.srcPort()).isEqualTo(-1);
    assertThat(packet.ipSrc()).isNull();
    assertThat(packet.vlanIds()).isEmpty();
    assertThat(packet.container()).isEqualTo("shop");
    assertThat(packet.timestamp()).hasToString("2026-01-02T03:04:05.123456789Z");
    assertThat(packet.type()).isEqualTo(CapturedPacket.Type.OUTGOING);
    assertThat(packet).hasToString("as tcpdump has it");
  }

  @Test
  void nobodyChangesItsBytes() {
    CapturedPacket packet = new CapturedPacket(tcp(ACK, "4745"));
    packet.frame()[1] = 0;
    assertThat(packet.text()).isEqualTo("GE");
  }
}
