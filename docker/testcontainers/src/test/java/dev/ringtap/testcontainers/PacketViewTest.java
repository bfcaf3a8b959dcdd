package dev.ringtap.testcontainers;

import static dev.ringtap.testkit.Packets.ACK;
import static dev.ringtap.testkit.Packets.PSH;
import static dev.ringtap.testkit.Packets.SYN;
import static dev.ringtap.testkit.Packets.ethernet;
import static dev.ringtap.testkit.Packets.tag;
import static dev.ringtap.testkit.Packets.tcp;
import static dev.ringtap.testkit.Packets.udp;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketType;
import dev.ringtap.testkit.Packets;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class PacketViewTest {
  /** A TLS record of a ClientHello, as far as it is looked at. */
  private static final byte[] CLIENT_HELLO = HexFormat.of().parseHex("16030100be010000ba0303");

  static Packet packet(byte[] frame) {
    return Packet.newBuilder()
        .setTimestamp(Instant.ofEpochSecond(1_767_323_045L, 123_456_789))
        .setInterfaceName("eth0")
        .setSequence(0)
        .setLostBefore(0)
        .setOriginalLength(frame.length)
        .setLinkType(1)
        .setPacketType(PacketType.OUTGOING)
        .setFlags(0)
        .setPayload(ByteBuffer.wrap(frame))
        .build();
  }

  private static PacketView tcpView(int flags, byte[] data) {
    return PacketView.of(packet(ethernet(tcp("10.0.0.1", 40000, "10.0.0.2", 443, flags, data))));
  }

  @Test
  void clientHelloIsToldFromOtherData() {
    assertThat(tcpView(PSH | ACK, CLIENT_HELLO).isTlsClientHello()).isTrue();
    byte[] serverHello = CLIENT_HELLO.clone();
    serverHello[5] = 2;
    assertThat(tcpView(PSH | ACK, serverHello).isTlsClientHello()).isFalse();
    byte[] applicationData = CLIENT_HELLO.clone();
    applicationData[0] = 23;
    assertThat(tcpView(PSH | ACK, applicationData).isTlsClientHello()).isFalse();
    assertThat(tcpView(ACK, new byte[0]).isTlsClientHello()).isFalse();
    assertThat(tcpView(PSH | ACK, Arrays.copyOf(CLIENT_HELLO, 5)).isTlsClientHello()).isFalse();
    byte[] datagram = udp("10.0.0.1", 40000, "10.0.0.2", 443, CLIENT_HELLO);
    assertThat(PacketView.of(packet(ethernet(datagram))).isTlsClientHello()).isFalse();
  }

  @Test
  void onlyASynAloneAsksForAConnection() {
    assertThat(tcpView(SYN, new byte[0]).isConnectionRequest()).isTrue();
    assertThat(tcpView(SYN | ACK, new byte[0]).isConnectionRequest()).isFalse();
    assertThat(tcpView(ACK, new byte[0]).isConnectionRequest()).isFalse();
    byte[] datagram = udp("10.0.0.1", 1, "10.0.0.2", 2, new byte[20]);
    assertThat(PacketView.of(packet(ethernet(datagram))).isConnectionRequest()).isFalse();
  }

  @Test
  void dataIsWhatIsCarriedWithoutPadding() {
    byte[] words = "GET / HTTP/1.1".getBytes(StandardCharsets.ISO_8859_1);
    byte[] frame = tag(ethernet(udp("10.0.0.1", 1, "10.0.0.2", 2, words)), 0x8100, 42);
    PacketView view = PacketView.of(packet(Packets.padded(frame, 100)));
    assertThat(view.data()).isEqualTo(words);
    assertThat(view.text()).isEqualTo("GET / HTTP/1.1");
    assertThat(view.headers().vlanId(0)).isEqualTo(42);
  }

  @Test
  void dataThatWasCutOffIsAsLongAsItIs() {
    byte[] frame = ethernet(tcp("10.0.0.1", 1, "10.0.0.2", 2, PSH | ACK, new byte[100]));
    assertThat(PacketView.of(packet(Arrays.copyOf(frame, frame.length - 30))).data()).hasSize(70);
    for (int length = 0; length <= frame.length - 100; length++) {
      assertThat(PacketView.of(packet(Arrays.copyOf(frame, length))).data()).isEmpty();
    }
  }

  @Test
  void thePayloadIsLeftAsItIs() {
    Packet packet = packet(ethernet(udp("10.0.0.1", 1, "10.0.0.2", 2, CLIENT_HELLO)));
    int length = packet.getPayload().remaining();
    PacketView view = PacketView.of(packet);
    assertThat(view.data()).isEqualTo(view.data()).isEqualTo(CLIENT_HELLO);
    assertThat(packet.getPayload().remaining()).isEqualTo(length);
    assertThat(view.packet()).isSameAs(packet);
  }

  @Test
  void isShownAsTcpdumpDoes() {
    byte[] frame = ethernet(udp("10.0.0.1", 1234, "10.0.0.2", 53, new byte[56]));
    assertThat(PacketView.of(packet(frame)))
        .hasToString(
            "2026-01-02 03:04:05.123456789 eth0 Out 02:00:00:00:00:01 > 02:00:00:00:00:02,"
                + " ethertype IPv4 (0x0800), length 98: 10.0.0.1.1234 > 10.0.0.2.53: UDP, length"
                + " 56");
  }
}
