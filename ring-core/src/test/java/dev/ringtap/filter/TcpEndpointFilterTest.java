package dev.ringtap.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.packet.Packets;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class TcpEndpointFilterTest {
  private static final List<InetSocketAddress> BROKERS =
      List.of(new InetSocketAddress("10.0.0.1", 9092), new InetSocketAddress("2001:db8::1", 9092));

  private static int kept(BpfProgram rest, byte[] frame) {
    return new BpfInterpreter(TcpEndpointFilter.refuse(BROKERS, rest))
        .run(MemorySegment.ofArray(frame), 0, frame.length, frame.length, Ancillary.NONE);
  }

  @Test
  void refusesBothDirectionsAndNothingElse() {
    for (String host : List.of("10.0.0.", "2001:db8::")) {
      String broker = host + 1;
      String other = host + 2;
      assertThat(kept(tcp(other, 40000, broker, 9092))).isZero();
      assertThat(kept(tcp(broker, 9092, other, 40000))).isZero();
      assertThat(kept(tcp(other, 9092, broker, 40000))).isEqualTo(500);
      assertThat(kept(tcp(other, 40000, broker, 9093))).isEqualTo(500);
      byte[] udp = Packets.udp(other, 40000, broker, 9092, new byte[20]);
      assertThat(kept(Packets.ethernet(udp))).isEqualTo(500);
    }
    assertThat(kept(new byte[14])).isEqualTo(500);
  }

  @Test
  void theOtherProgramStartsWithItsRegistersAtZero() {
    // add #7; add x; ret a
    BpfProgram rest = BpfProgram.parse("3\n4 0 0 7\n12 0 0 0\n22 0 0 0\n");
    assertThat(kept(rest, tcp("10.0.0.2", 1, "10.0.0.3", 2))).isEqualTo(7);
  }

  private static int kept(byte[] frame) {
    return kept(BpfProgram.acceptAll(500), frame);
  }

  private static byte[] tcp(String src, int srcPort, String dst, int dstPort) {
    return Packets.ethernet(Packets.tcp(src, srcPort, dst, dstPort, Packets.ACK, new byte[4]));
  }
}
