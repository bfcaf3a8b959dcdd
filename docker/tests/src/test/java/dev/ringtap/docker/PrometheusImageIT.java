package dev.ringtap.docker;

import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.TestApp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/** The image of compose.yaml finds the agent beside the server. */
@Timeout(240)
@RequiresImages({"agent", "prometheus"})
class PrometheusImageIT {
  @Test
  void scrapesTheAgentBesideTheServer() throws Exception {
    try (Network network = Network.newNetwork();
        TestApp server = new TestApp().withNetwork(network).withNetworkAliases("server");
        GenericContainer<?> prometheus =
            new GenericContainer<>(TestApp.image("prometheus"))
                .withNetwork(network)
                .withExposedPorts(9090)
                .waitingFor(Wait.forHttp("/-/ready"))) {
      server.start();
      try (GenericContainer<?> agent =
          new GenericContainer<>(TestApp.image("agent"))
              .withNetworkMode("container:" + server.getContainerId())
              .withEnv("RINGTAP_METRICS", "0.0.0.0:9464")
              .withCommand("capture", "-i", "eth0", "-w", "/dev/null")
              .waitingFor(Wait.forHealthcheck())) {
        agent.start();
        prometheus.start();

        Rest rest = new Rest(prometheus, 9090);
        Rest.await(
            "metrics of the agent",
            () -> !rest.get("/api/v1/query?query=ringtap_build_info").at("/data/result").isEmpty());
      }
    }
  }
}
