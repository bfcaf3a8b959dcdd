package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Network;
import org.testcontainers.images.builder.ImageFromDockerfile;

/** Test runs that are killed: the next one removes what they leave. */
@Timeout(180)
@RequiresImages("agent")
class LeftoversIT {
  private static final String LABEL = DockerClientFactory.TESTCONTAINERS_SESSION_ID_LABEL;

  /** A test run that never ends. */
  static final class Run {
    private Run() {}

    public static void main(String[] arguments) throws Exception {
      TestApp app = new TestApp().withNetwork(Network.newNetwork());
      RingtapContainer ringtap = new RingtapContainer().capturing(app);
      ringtap.start();
      new ImageFromDockerfile()
          .withDockerfileFromBuilder(
              builder -> builder.from(RingtapContainer.IMAGE.asCanonicalNameString()))
          .get();
      System.out.println("session " + DockerClientFactory.SESSION_ID);
      // until it is killed, or the test that has started it is
      System.in.read();
    }
  }

  private static Process start() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Run.class.getName())
        .redirectError(new File("/dev/null"))
        .start();
  }

  /** Waits until it has all its containers. */
  private static String session(Process run) throws Exception {
    BufferedReader out =
        new BufferedReader(new InputStreamReader(run.getInputStream(), StandardCharsets.UTF_8));
    String line;
    do {
      line = out.readLine();
      assertThat(line).as("the run has started").isNotNull();
    } while (!line.startsWith("session "));
    return line.substring("session ".length());
  }

  private static List<String> left(String session) {
    DockerClient docker = DockerClientFactory.lazyClient();
    List<String> left = new ArrayList<>();
    docker
        .listContainersCmd()
        .withShowAll(true)
        .withLabelFilter(Map.of(LABEL, session))
        .exec()
        .forEach(each -> left.add("container " + each.getId()));
    docker
        .listNetworksCmd()
        .withFilter("label", List.of(LABEL + "=" + session))
        .exec()
        .forEach(each -> left.add("network " + each.getId()));
    docker
        .listImagesCmd()
        .withLabelFilter(Map.of(LABEL, session))
        .exec()
        .forEach(each -> left.add("image " + each.getId()));
    return left;
  }

  @Test
  void theNextRunRemovesWhatAKilledOneLeaves() throws Exception {
    List<Process> runs = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        runs.add(start());
      }
      String lives = session(runs.get(0));
      String first = session(runs.get(1));
      String second = session(runs.get(2));
      runs.get(1).destroyForcibly().waitFor();
      // told to end: Testcontainers removes some of it
      runs.get(2).destroy();
      runs.get(2).waitFor();
      assertThat(left(first)).as("two containers, a network, an image").hasSize(4);

      Process next = start();
      runs.add(next);
      session(next);
      assertThat(left(first)).isEmpty();
      assertThat(left(second)).isEmpty();
      assertThat(left(lives)).as("of a run that goes on").hasSize(4);
    } finally {
      for (Process each : runs) {
        each.destroyForcibly().waitFor();
      }
      // and this run removes what these have left
      Leftovers.removeNow();
    }
  }
}
