package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.github.dockerjava.api.DockerClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Network;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * Twenty tests at the same time: sixteen in one run, and four in runs that are killed, each at
 * another point. The next run removes what these leave, and nothing else.
 */
@Timeout(240)
@RequiresImages("agent")
class LeftoversIT {
  private static final String LABEL = DockerClientFactory.TESTCONTAINERS_SESSION_ID_LABEL;
  private static final int TESTS = 16;

  /**
   * What a test has when its run is killed; the step after it is under way then. A run that starts
   * an agent removes what killed ones have left, so this one is killed first.
   */
  private static final List<String> KILLED_AFTER =
      List.of("application", "network", "agent", "image");

  /** One test, which tells its steps. */
  private static void test(boolean ownNetwork, int frames, Consumer<String> steps)
      throws Exception {
    try (Network network = Network.newNetwork();
        TestApp app = new TestApp();
        RingtapContainer ringtap = new RingtapContainer().capturing(app)) {
      // two cores for all of them
      ringtap.withEnv("RINGTAP_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
      ringtap.withStartupTimeout(Duration.ofMinutes(2));
      if (ownNetwork) {
        app.withNetwork(network);
        network.getId();
      }
      steps.accept("network");
      app.start();
      steps.accept("application");
      ringtap.start();
      steps.accept("agent");
      new ImageFromDockerfile()
          .withDockerfileFromBuilder(
              builder -> builder.from(RingtapContainer.IMAGE.asCanonicalNameString()))
          .get();
      steps.accept("image");
      NumberedFrames.send(app, 1, frames);
      assertThat(NumberedFrames.in(ringtap.packets(NumberedFrames.FILTER)))
          .isEqualTo(NumberedFrames.upTo(frames));
    }
  }

  /** A run of one test, which waits after a step. */
  static final class One {
    private One() {}

    public static void main(String[] arguments) throws Exception {
      System.out.println("session " + DockerClientFactory.SESSION_ID);
      test(
          true,
          1000,
          step -> {
            if (step.equals(arguments[0])) {
              System.out.println(step);
              OtherRun.awaitGoOn();
            }
          });
    }
  }

  /** A run of tests in parallel. */
  static final class Parallel {
    private static final CountDownLatch STARTED = new CountDownLatch(TESTS);
    private static final CountDownLatch GO_ON = new CountDownLatch(1);

    @RepeatedTest(TESTS)
    void seesItsOwnFrames(RepetitionInfo repetition) {
      int number = repetition.getCurrentRepetition();
      try {
        // half of them: an engine has address ranges for thirty networks
        test(number % 2 == 0, number, Parallel::awaitTheOthers);
      } catch (Exception | AssertionError e) {
        e.printStackTrace();
        // the others would wait for this one
        System.exit(1);
      }
    }

    private static void awaitTheOthers(String step) {
      if (!step.equals("image")) {
        return;
      }
      STARTED.countDown();
      try {
        GO_ON.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    public static void main(String[] arguments) throws Exception {
      System.out.println("session " + DockerClientFactory.SESSION_ID);
      Thread steps =
          new Thread(
              () -> {
                try {
                  STARTED.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                System.out.println("all started");
                OtherRun.awaitGoOn();
                GO_ON.countDown();
              });
      steps.setDaemon(true);
      steps.start();
      String parallel = "junit.jupiter.execution.parallel.";
      // the class and the engine may wait in threads of their own
      String threads = Integer.toString(TESTS + 4);
      SummaryGeneratingListener summary = new SummaryGeneratingListener();
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request()
                  .selectors(selectClass(Parallel.class))
                  .configurationParameter(parallel + "enabled", "true")
                  .configurationParameter(parallel + "mode.default", "concurrent")
                  .configurationParameter(parallel + "config.strategy", "fixed")
                  .configurationParameter(parallel + "config.fixed.parallelism", threads)
                  .configurationParameter(parallel + "config.fixed.max-pool-size", threads)
                  .build(),
              summary);
      System.exit(summary.getSummary().getTestsSucceededCount() == TESTS ? 0 : 1);
    }
  }

  /** What the engine has of a session, or of all of them. */
  private static List<String> of(String label, String value) {
    DockerClient docker = DockerClientFactory.lazyClient();
    Map<String, String> filter = Map.of(label, value);
    List<String> found = new ArrayList<>();
    docker
        .listContainersCmd()
        .withShowAll(true)
        .withLabelFilter(filter)
        .exec()
        .forEach(each -> found.add("container " + each.getId()));
    docker
        .listNetworksCmd()
        .withFilter("label", List.of(label + "=" + value))
        .exec()
        .forEach(each -> found.add("network " + each.getId()));
    docker
        .listImagesCmd()
        .withShowAll(true)
        .withLabelFilter(filter)
        .exec()
        .forEach(each -> found.add("image " + each.getId()));
    return found;
  }

  private static List<String> ofSession(String session) {
    return of(LABEL, session);
  }

  private static List<String> ofAll() {
    return of(DockerClientFactory.TESTCONTAINERS_LABEL, "true");
  }

  @Test
  void theNextRunRemovesWhatKilledOnesLeave() throws Exception {
    List<String> before = ofAll();
    List<OtherRun> runs = new ArrayList<>();
    try {
      OtherRun lives = OtherRun.start(Parallel.class, Map.of());
      runs.add(lives);
      for (String step : KILLED_AFTER) {
        runs.add(OtherRun.start(One.class, Map.of(), step));
      }
      String session = lives.line("session ");
      lives.line("all started");
      List<String> killed = new ArrayList<>();
      for (int i = 0; i < KILLED_AFTER.size(); i++) {
        killed.add(runs.get(1 + i).line("session "));
        runs.get(1 + i).line(KILLED_AFTER.get(i));
      }
      for (int i = 0; i < KILLED_AFTER.size(); i++) {
        runs.get(1 + i).goOn();
        Thread.sleep(100);
        runs.get(1 + i).kill();
      }
      assertThat(killed).allSatisfy(each -> assertThat(ofSession(each)).isNotEmpty());
      assertThat(ofSession(killed.get(3)))
          .extracting(each -> each.split(" ")[0])
          .as("and what the image was made from")
          .startsWith("container", "container", "network", "image");
      List<String> alive = ofSession(session);
      assertThat(alive)
          .filteredOn(each -> !each.startsWith("image "))
          .as("two containers for each test, a network for half of them")
          .hasSize(TESTS * 2 + TESTS / 2);

      OtherRun next = OtherRun.start(One.class, Map.of(), "image");
      runs.add(next);
      next.line("image");
      assertThat(killed).allSatisfy(each -> assertThat(ofSession(each)).isEmpty());
      assertThat(ofSession(session)).as("of a run that goes on").hasSameElementsAs(alive);

      lives.goOn();
      lives.end();
      next.terminate();
      // this run is the next one of both: without Ryuk, Testcontainers leaves their images
      Leftovers.removeNow();
      assertThat(ofAll()).hasSameElementsAs(before);
    } finally {
      for (OtherRun each : runs) {
        each.close();
      }
      Leftovers.removeNow();
    }
  }
}
