package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.ImagePullPolicy;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.ImageNameSubstitutor;

/** The settings of Testcontainers, which it reads once in a run. */
@Timeout(120)
@RequiresImages("agent")
class SettingsIT {
  private static final String MIRROR = "registry.example.com/mirror/agent";

  /** For {@code image.substitutor}. */
  public static final class Mirror extends ImageNameSubstitutor {
    /** Testcontainers makes it. */
    public Mirror() {}

    @Override
    public DockerImageName apply(DockerImageName original) {
      return DockerImageName.parse(MIRROR + ":1").asCompatibleSubstituteFor(original);
    }

    @Override
    protected String getDescription() {
      return "mirror";
    }
  }

  /** For {@code pull.policy}. */
  public static final class Recorded implements ImagePullPolicy {
    static final Set<String> ASKED = new ConcurrentSkipListSet<>();

    /** Testcontainers makes it. */
    public Recorded() {}

    @Override
    public boolean shouldPull(DockerImageName name) {
      ASKED.add(name.asCanonicalNameString());
      return false;
    }
  }

  /** A run with substituted images. */
  static final class Substituted {
    private Substituted() {}

    public static void main(String[] arguments) throws Exception {
      try (TestApp app = new TestApp();
          RingtapContainer ringtap = new RingtapContainer().capturing(app)) {
        ringtap.start();
        System.out.println("image " + ringtap.getContainerInfo().getConfig().getImage());
        NumberedFrames.send(app, 1, 3);
        // what is read after the end is read in a container of its own
        ringtap.stop();
        System.out.println("frames " + NumberedFrames.in(ringtap.packets(NumberedFrames.FILTER)));
        System.out.println("asked " + Recorded.ASKED);
      }
    }
  }

  /** A run whose application is reused. */
  static final class Reusing {
    private Reusing() {}

    public static void main(String[] arguments) throws Exception {
      TestApp app = new TestApp().withReuse(true);
      RingtapContainer ringtap = new RingtapContainer().capturing(app);
      ringtap.start();
      System.out.println("application " + app.getContainerId());
      System.out.println("agent " + ringtap.getContainerId());
      NumberedFrames.send(app, 1, 3);
      System.out.println("frames " + NumberedFrames.in(ringtap.packets(NumberedFrames.FILTER)));
      OtherRun.awaitGoOn();
    }
  }

  @Test
  void imagesAreSubstitutedAndPulledAsThePolicySays() throws Exception {
    DockerClient docker = DockerClientFactory.lazyClient();
    docker.tagImageCmd(RingtapContainer.IMAGE.asCanonicalNameString(), MIRROR, "1").exec();
    try (OtherRun run =
        OtherRun.start(
            Substituted.class,
            Map.of(
                "TESTCONTAINERS_IMAGE_SUBSTITUTOR", Mirror.class.getName(),
                "TESTCONTAINERS_PULL_POLICY", Recorded.class.getName()))) {
      assertThat(run.line("image ")).isEqualTo(MIRROR + ":1");
      assertThat(run.line("frames ")).isEqualTo("[1, 2, 3]");
      assertThat(run.line("asked ")).isEqualTo("[" + MIRROR + ":1]");
      run.end();
    } finally {
      docker.removeImageCmd(MIRROR + ":1").exec();
    }
  }

  @Test
  void aReusedApplicationHasANewCaptureInEachRun() throws Exception {
    DockerClient docker = DockerClientFactory.lazyClient();
    Map<String, String> reuse = Map.of("TESTCONTAINERS_REUSE_ENABLE", "true");
    String app = null;
    try (OtherRun first = OtherRun.start(Reusing.class, reuse)) {
      app = first.line("application ");
      String agent = first.line("agent ");
      assertThat(first.line("frames ")).isEqualTo("[1, 2, 3]");
      first.kill();

      try (OtherRun second = OtherRun.start(Reusing.class, reuse)) {
        assertThat(second.line("application ")).isEqualTo(app);
        assertThat(second.line("agent ")).isNotEqualTo(agent);
        assertThat(second.line("frames ")).as("none of the first run").isEqualTo("[1, 2, 3]");
        assertThatThrownBy(() -> docker.inspectContainerCmd(agent).exec())
            .as("left by the first run")
            .isInstanceOf(NotFoundException.class);
        second.goOn();
        second.end();
      }
    } finally {
      if (app != null) {
        docker.removeContainerCmd(app).withForce(true).exec();
      }
      Leftovers.removeNow();
    }
  }
}
