package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.Network;

/** All containers of a network in one capture. */
@Timeout(120)
@RequiresImages("agent")
class SeveralContainersIT {
  private static final String VISIT =
      "exec 3<>/dev/tcp/server/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";

  @Test
  void everyPacketTellsItsContainer(@TempDir Path directory) throws Exception {
    try (Network network = Network.newNetwork();
        TestApp server =
            new TestApp()
                .running("GreetingServer", "http", "8080")
                .withNetwork(network)
                .withNetworkAliases("server");
        TestApp client = new TestApp().withNetwork(network).withNetworkAliases("client");
        RingtapContainer ringtap = new RingtapContainer().capturing(network)) {
      assertThatThrownBy(ringtap::start).hasMessageContaining("no container runs in the network");
      server.start();
      client.start();
      ringtap.start();
      assertThat(client.shell(VISIT)).endsWith("hello");

      List<CapturedPacket> requests =
          ringtap.packets("tcp dst port 8080").stream()
              .filter(CapturedPacket::isConnectionRequest)
              .collect(Collectors.toList());
      assertThat(requests)
          .extracting(CapturedPacket::container)
          .as("sent first, received then")
          .containsExactly("client", "server");
      assertThat(requests)
          .extracting(CapturedPacket::type)
          .containsExactly(CapturedPacket.Type.OUTGOING, CapturedPacket.Type.HOST);
      assertThat(ringtap.packets())
          .isSortedAccordingTo((a, b) -> a.timestamp().compareTo(b.timestamp()));

      Path file = directory.resolve("both.pcapng");
      ringtap.save(file, "a visit");
      assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
          .contains("a visit", "client/eth0", "server/eth0");

      ringtap.stop();
      assertThat(ringtap.ledger().balances()).isTrue();
      assertThat(ringtap.ledger().captured()).isEqualTo(ringtap.packets().size());
    }
  }
}
