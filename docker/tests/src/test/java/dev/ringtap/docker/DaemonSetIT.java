package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import dev.ringtap.record.Packet;
import dev.ringtap.testcontainers.NumberedFrames;
import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.TestApp;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * The DaemonSet's container as Docker runs it: with the manifest's user, capabilities, memory and
 * environment, and the example's options. The network is an application's instead of the node's.
 */
@Timeout(300)
@RequiresImages({"agent", "kafka"})
class DaemonSetIT {
  private static final String NODE = "node1";
  private static final int FRAMES = 100;

  /** What is mounted as the ConfigMap. */
  @TempDir Path config;

  private final Manifests example = Manifests.of("example");
  private final PodSpec pod =
      Manifests.of("base").only(DaemonSet.class).getSpec().getTemplate().getSpec();
  private final Container agent = pod.getContainers().get(0);

  DaemonSetIT() throws IOException {}

  @Test
  void isReadyTakesNewOptionsAndDrains() throws Exception {
    Path options = copyOptions();
    String[] brokers =
        example.options().get("bootstrap-server").toString().replaceAll(":\\d+", "").split(",");
    try (Network network = Network.newNetwork();
        KafkaBroker kafka = new KafkaBroker(network).withNetworkAliases(brokers);
        TestApp node = new TestApp().withNetwork(network)) {
      kafka.start();
      node.start();
      try (GenericContainer<?> container = container(node)) {
        container.start();
        assertThat(container.execInContainer("http-ok", port(), "/livez").getStdout())
            .startsWith("HTTP/1.1 200 OK");
        assertThat(container.execInContainer("cat", "/proc/1/status").getStdout())
            .containsPattern("CapEff:\\s0000000000002000");
        NumberedFrames.send(node, 1, FRAMES / 2);
        String filter = example.options().get("filter").toString();
        Files.writeString(
            options, Files.readString(options).replace(filter, filter + " and not icmp"));
        container.execInContainer("sh", "-c", "kill -HUP 1");
        Rest.await(
            "new options", () -> container.getLogs().contains("configuration was read again"));
        NumberedFrames.send(node, FRAMES / 2 + 1, FRAMES);
        container
            .getDockerClient()
            .stopContainerCmd(container.getContainerId())
            .withTimeout(pod.getTerminationGracePeriodSeconds().intValue())
            .exec();
        assertThat(container.getCurrentContainerInfo().getState().getExitCodeLong()).isZero();
        assertThat(container.getLogs()).contains(" + 0 not delivered");
      }
      List<Packet> packets =
          Topic.packets(kafka.outside(), example.options().get("topic").toString());
      assertThat(Topic.numbers(packets))
          .containsExactlyInAnyOrderElementsOf(NumberedFrames.upTo(FRAMES));
      assertThat(packets).extracting(Packet::getHost).containsOnly(NODE);
    }
  }

  private String port() {
    return agent.getPorts().get(0).getContainerPort().toString();
  }

  private GenericContainer<?> container(TestApp node) {
    GenericContainer<?> container =
        new GenericContainer<>(agent.getImage() + ":latest")
            .withNetworkMode("container:" + node.getContainerId())
            .withCommand(agent.getArgs().toArray(String[]::new))
            .withCreateContainerCmdModifier(
                create -> {
                  PodSecurityContext user = pod.getSecurityContext();
                  create.withUser(user.getRunAsUser() + ":" + user.getRunAsGroup());
                  create
                      .getHostConfig()
                      .withBinds(
                          new Bind(
                              config.toString(),
                              new Volume(agent.getVolumeMounts().get(0).getMountPath()),
                              AccessMode.ro));
                  secure(create.getHostConfig());
                })
            .waitingFor(
                Wait.forSuccessfulCommand(
                        "http-ok "
                            + port()
                            + " "
                            + agent.getReadinessProbe().getHttpGet().getPath())
                    .withStartupTimeout(Duration.ofSeconds(120)));
    for (EnvVar variable : agent.getEnv()) {
      boolean nodeName =
          variable.getValueFrom() != null
              && variable.getValueFrom().getFieldRef().getFieldPath().equals("spec.nodeName");
      container.withEnv(variable.getName(), nodeName ? NODE : variable.getValue());
    }
    return container;
  }

  private Path copyOptions() throws IOException {
    Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rwxr-xr-x"));
    return Files.copy(example.directory().resolve("agent.yaml"), config.resolve("agent.yaml"));
  }

  private void secure(HostConfig host) {
    SecurityContext security = agent.getSecurityContext();
    BigDecimal memory = agent.getResources().getLimits().get("memory").getNumericalAmount();
    host.withCapDrop(capabilities(security.getCapabilities().getDrop()))
        .withCapAdd(capabilities(security.getCapabilities().getAdd()))
        .withReadonlyRootfs(security.getReadOnlyRootFilesystem())
        .withMemory(memory.longValueExact());
    if (!security.getAllowPrivilegeEscalation()) {
      host.withSecurityOpts(List.of("no-new-privileges"));
    }
  }

  private static Capability[] capabilities(List<String> names) {
    return names.stream().map(Capability::valueOf).toArray(Capability[]::new);
  }
}
