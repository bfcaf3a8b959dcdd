package dev.ringtap.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.ringtap.docker.Manifests.Generator;
import dev.ringtap.docker.Manifests.Image;
import dev.ringtap.testkit.Requirements;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import io.fabric8.openshift.api.model.monitoring.v1.PodMetricsEndpoint;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests fit Kubernetes' types, and each other. */
class ManifestsTest {
  private final Manifests base = Manifests.of("base");
  private final Manifests example = Manifests.of("example");
  private final DaemonSet daemonSet = base.only(DaemonSet.class);
  private final PodSpec pod = daemonSet.getSpec().getTemplate().getSpec();
  private final Container agent = pod.getContainers().get(0);

  ManifestsTest() throws IOException {}

  @Test
  void fieldThatKubernetesDoesNotHaveIsFound() throws IOException {
    String manifest = Files.readString(base.directory().resolve("daemonset.yaml"));
    assertThatThrownBy(
            () -> Manifests.resource(manifest.replace("RootFilesystem", "RootFileSystem")))
        .isInstanceOf(UnrecognizedPropertyException.class)
        .hasMessageContaining("readOnlyRootFileSystem");
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "example"})
  void everyFileIsUsedAndThere(String name) throws IOException {
    Manifests manifests = Manifests.of(name);
    try (Stream<Path> files = Files.list(manifests.directory())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              Stream.of(
                      Stream.of("kustomization.yaml"),
                      manifests.kustomization().resources().stream()
                          .filter(each -> each.endsWith(".yaml")),
                      manifests.kustomization().configMapGenerator().stream()
                          .flatMap(each -> each.files().stream()))
                  .flatMap(each -> each)
                  .toList());
    }
  }

  @Test
  void theExampleChangesWhatTheBaseHas() {
    assertThat(example.kustomization().resources()).contains("../base");
    assertThat(example.kustomization().namespace())
        .isEqualTo(base.kustomization().namespace())
        .isEqualTo(base.only(Namespace.class).getMetadata().getName());
    assertThat(example.kustomization().configMapGenerator())
        .extracting(Generator::name, Generator::behavior)
        .containsExactly(tuple(base.kustomization().configMapGenerator().get(0).name(), "replace"));
    assertThat(example.kustomization().images())
        .extracting(Image::name)
        .containsExactly(agent.getImage());
  }

  @Test
  void theAgentReadsItsOptionsWhereTheyAreMounted() throws IOException {
    assertThat(pod.getVolumes().get(0).getConfigMap().getName())
        .isEqualTo(base.kustomization().configMapGenerator().get(0).name());
    assertThat(agent.getVolumeMounts().get(0).getName())
        .isEqualTo(pod.getVolumes().get(0).getName());
    assertThat(agent.getArgs())
        .containsExactly(
            "capture", "--config", agent.getVolumeMounts().get(0).getMountPath() + "/agent.yaml");
    // those are tried
    assertThat(example.options().keySet()).containsAll(base.options().keySet());
    int port = agent.getPorts().get(0).getContainerPort();
    for (Manifests each : List.of(base, example)) {
      assertThat(each.options().get("metrics")).isEqualTo("0.0.0.0:" + port);
    }
  }

  @Test
  void probesAndPodMonitorNameThePort() {
    String port = agent.getPorts().get(0).getName();
    PodMonitor monitor = example.only(PodMonitor.class);
    assertThat(agent.getLivenessProbe().getHttpGet().getPort().getStrVal()).isEqualTo(port);
    assertThat(agent.getReadinessProbe().getHttpGet().getPort().getStrVal()).isEqualTo(port);
    assertThat(monitor.getSpec().getPodMetricsEndpoints())
        .extracting(PodMetricsEndpoint::getPort)
        .containsExactly(port);
    assertThat(daemonSet.getSpec().getTemplate().getMetadata().getLabels())
        .isEqualTo(daemonSet.getSpec().getSelector().getMatchLabels())
        .isEqualTo(monitor.getSpec().getSelector().getMatchLabels())
        // the alerts select by it
        .containsEntry(monitor.getSpec().getJobLabel(), "ringtap");
  }

  @Test
  void theAgentMayCaptureAndNothingElse() {
    assertThat(agent.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(agent.getSecurityContext().getCapabilities().getAdd()).containsExactly("NET_RAW");
    assertThat(agent.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(pod.getAutomountServiceAccountToken()).isFalse();
    assertThat(base.only(Namespace.class).getMetadata().getLabels())
        .containsEntry("pod-security.kubernetes.io/enforce", "privileged");
  }

  /** It drains before it is killed, and a node has one at a time. */
  @Test
  void anUpdateLeavesTimeToDrain() {
    String drain =
        agent.getEnv().stream()
            .filter(each -> each.getName().equals("RINGTAP_DRAIN_TIMEOUT"))
            .map(EnvVar::getValue)
            .findFirst()
            .orElseThrow();
    assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThan(Long.parseLong(drain));
    assertThat(pod.getHostNetwork()).isTrue();
    assertThat(daemonSet.getSpec().getUpdateStrategy().getRollingUpdate().getMaxSurge()).isNull();
    assertThat(pod.getPriorityClassName())
        .isEqualTo(base.only(PriorityClass.class).getMetadata().getName());
  }

  /** The page's command, up to kubectl. */
  @Test
  void theAlertsMakeAPrometheusRule() throws Exception {
    Requirements.programs("sh");
    String page = Files.readString(Manifests.DIRECTORY.resolve("README.md"));
    String command =
        page.substring(page.indexOf("{ printf"), page.indexOf("} | kubectl apply") + 1);
    Process shell =
        new ProcessBuilder("sh", "-c", command)
            .directory(Path.of("..", "..").toFile())
            .redirectErrorStream(true)
            .start();
    String manifest = new String(shell.getInputStream().readAllBytes(), UTF_8);
    assertThat(shell.waitFor()).as(manifest).isZero();
    PrometheusRule rule = (PrometheusRule) Manifests.resource(manifest);
    assertThat(rule.getMetadata().getNamespace()).isEqualTo(base.kustomization().namespace());
    assertThat(rule.getSpec().getGroups().get(0).getRules())
        .isNotEmpty()
        .allSatisfy(each -> assertThat(each.getExpr()).isNotNull());
  }
}
