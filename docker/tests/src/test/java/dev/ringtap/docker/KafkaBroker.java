package dev.ringtap.docker;

import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.PortBinding;
import dev.ringtap.testcontainers.TestApp;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * A broker that can be taken away and brought back: stopped, frozen, cut off. Its address and the
 * port that the tests reach stay what they are.
 */
public final class KafkaBroker extends GenericContainer<KafkaBroker> {
  /** For containers of its network. */
  public static final String INSIDE = "kafka:9092";

  private static final int OUTSIDE_PORT = 9094;
  private static final String ALIAS = "kafka";

  private final Network wire;
  private final String outside;

  public KafkaBroker(Network network) throws IOException {
    super(TestApp.image("kafka"));
    wire = network;
    int port = freePort();
    outside = "127.0.0.1:" + port;
    withNetwork(network).withNetworkAliases(ALIAS);
    withEnv("KAFKA_LISTENERS", "PLAINTEXT://:9092,OUTSIDE://:9094,CONTROLLER://:9093");
    withEnv("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://" + INSIDE + ",OUTSIDE://" + outside);
    withEnv(
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT");
    // made-up frames are old, and Kafka counts from their times
    withEnv("KAFKA_LOG_RETENTION_MS", "-1");
    withExposedPorts(OUTSIDE_PORT);
    withCreateContainerCmdModifier(
        create ->
            create.getHostConfig().withPortBindings(PortBinding.parse(port + ":" + OUTSIDE_PORT)));
    // as long as the image's own start period
    waitingFor(Wait.forHealthcheck().withStartupTimeout(Duration.ofSeconds(120)));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** For the tests' own consumers. */
  public String outside() {
    return outside;
  }

  void freeze() {
    getDockerClient().pauseContainerCmd(getContainerId()).exec();
  }

  void thaw() {
    getDockerClient().unpauseContainerCmd(getContainerId()).exec();
  }

  /** SIGTERM, and what is left of it after some seconds is killed. */
  void shutDown() {
    getDockerClient().stopContainerCmd(getContainerId()).withTimeout(10).exec();
  }

  void bootAgain() {
    getDockerClient().startContainerCmd(getContainerId()).exec();
  }

  /** Takes its network away. */
  void cutOff() {
    getDockerClient()
        .disconnectFromNetworkCmd()
        .withContainerId(getContainerId())
        .withNetworkId(wire.getId())
        .exec();
  }

  void connectAgain() {
    getDockerClient()
        .connectToNetworkCmd()
        .withContainerId(getContainerId())
        .withNetworkId(wire.getId())
        .withContainerNetwork(new ContainerNetwork().withAliases(ALIAS))
        .exec();
  }
}
