package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory of docker/kubernetes, as kustomize reads it. A field that Kubernetes, the operator or
 * kustomize does not have is an error.
 */
record Manifests(Path directory, Kustomization kustomization, List<HasMetadata> resources) {
  static final Path DIRECTORY = Path.of("..", "kubernetes");

  private static final Map<String, Class<? extends HasMetadata>> KINDS =
      Stream.of(
              Namespace.class,
              PriorityClass.class,
              DaemonSet.class,
              PodMonitor.class,
              PrometheusRule.class)
          .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

  private static final ObjectMapper YAML =
      new ObjectMapper(new YAMLFactory()).setAnnotationIntrospector(new Strict());

  /** The models would keep what they do not know beside their own fields. */
  private static final class Strict extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public Boolean hasAnySetter(Annotated annotated) {
      return false;
    }
  }

  record Kustomization(
      String apiVersion,
      String kind,
      String namespace,
      List<String> resources,
      List<Generator> configMapGenerator,
      List<Image> images) {}

  record Generator(String name, String behavior, List<String> files) {}

  record Image(String name, String newName, String newTag) {}

  /** Of one directory, without those that it refers to. */
  static Manifests of(String name) throws IOException {
    Path directory = DIRECTORY.resolve(name);
    Kustomization kustomization =
        YAML.readValue(directory.resolve("kustomization.yaml").toFile(), Kustomization.class);
    List<HasMetadata> resources = new ArrayList<>();
    for (String file : kustomization.resources()) {
      if (!Files.isDirectory(directory.resolve(file))) {
        resources.add(resource(Files.readString(directory.resolve(file))));
      }
    }
    return new Manifests(directory, kustomization, resources);
  }

  static HasMetadata resource(String yaml) throws IOException {
    JsonNode tree = YAML.readTree(yaml);
    Class<? extends HasMetadata> kind = KINDS.get(tree.get("kind").asText());
    assertThat(tree.get("apiVersion").asText()).isEqualTo(HasMetadata.getApiVersion(kind));
    return YAML.treeToValue(tree, kind);
  }

  <T extends HasMetadata> T only(Class<T> kind) {
    return kind.cast(
        resources.stream().filter(kind::isInstance).reduce((a, b) -> null).orElseThrow());
  }

  /** The agent's options. */
  Map<String, Object> options() throws IOException {
    return YAML.readValue(
        directory.resolve("agent.yaml").toFile(), new TypeReference<Map<String, Object>>() {});
  }
}
