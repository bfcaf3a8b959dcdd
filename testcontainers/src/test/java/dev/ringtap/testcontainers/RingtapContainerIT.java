package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.record.Packet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The container as tests use it. */
@Timeout(60)
@RequiresImages("agent")
class RingtapContainerIT {
  private static final String SEND = "for i in {%d..%d}; do echo $i > /dev/udp/%s/9; done";

  private static String gateway(TestApp app) {
    return app.getContainerInfo().getNetworkSettings().getNetworks().get("bridge").getGateway();
  }

  private static List<Integer> numbers(List<Packet> packets) {
    return packets.stream()
        .map(packet -> Integer.valueOf(PacketView.of(packet).text().strip()))
        .toList();
  }

  private static List<Integer> upTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }

  @Test
  void readsSeeEveryFrameThatWasOnTheWireBefore() throws Exception {
    try (TestApp app = new TestApp();
        RingtapContainer ringtap = new RingtapContainer().capturing(app)) {
      ringtap.start();
      for (int round = 1; round <= 10; round++) {
        app.shell(SEND.formatted(round * 100 - 99, round * 100, gateway(app)));
        assertThat(numbers(ringtap.packets("udp dst port 9"))).isEqualTo(upTo(round * 100));
      }
      List<Packet> before = ringtap.packets();
      ringtap.stop();
      assertThat(ringtap.packets()).isEqualTo(before);
      Ledger ledger = ringtap.ledger();
      assertThat(ledger.balances()).isTrue();
      assertThat(ledger).isEqualTo(new Ledger(before.size(), 0, before.size(), before.size(), 0));
    }
  }
}
