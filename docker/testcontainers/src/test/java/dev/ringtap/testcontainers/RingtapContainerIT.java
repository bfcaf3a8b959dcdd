package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.DockerClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.utility.DockerImageName;

/** The container as tests use it. */
@Timeout(120)
@RequiresImages("agent")
class RingtapContainerIT {
  private static final TestApp APP = new TestApp();

  @BeforeAll
  static void startApplication() {
    APP.start();
  }

  @AfterAll
  static void stopApplication() {
    APP.stop();
  }

  @Test
  void readsSeeEveryFrameThatWasOnTheWireBefore() throws Exception {
    try (RingtapContainer ringtap = new RingtapContainer().capturing(APP)) {
      assertThatThrownBy(ringtap::packets).hasMessageContaining("start() this container first");
      ringtap.start();
      assertThatThrownBy(ringtap::ledger).hasMessageContaining("stop() it first");
      for (int round = 1; round <= 5; round++) {
        NumberedFrames.send(APP, round * 200 - 199, round * 200);
        assertThat(NumberedFrames.in(ringtap.packets(NumberedFrames.FILTER)))
            .isEqualTo(NumberedFrames.upTo(round * 200));
      }
      List<CapturedPacket> before = ringtap.packets();
      ringtap.stop();
      List<CapturedPacket> all = ringtap.packets();
      assertThat(all)
          .extracting(CapturedPacket::toString)
          .startsWith(before.stream().map(CapturedPacket::toString).toArray(String[]::new));
      assertThat(NumberedFrames.in(ringtap.packets("udp dst port 9 and udp[8:2] = 0x3130")))
          .as("an expression after the end: \"10\" and what begins so")
          .hasSize(12);
      assertThat(ringtap.ledger()).isEqualTo(new Ledger(all.size(), 0, all.size(), all.size(), 0));
    }
  }

  @Test
  void captureFilterExpressionAndPredicate() throws Exception {
    try (RingtapContainer ringtap =
        new RingtapContainer().capturing(APP).withCaptureFilter(NumberedFrames.FILTER)) {
      ringtap.start();
      // also where there is no packet yet that would show it
      assertThatThrownBy(() -> ringtap.packets("tcp prot 443"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("filter 'tcp prot 443': ");
      APP.shell("echo no > /dev/udp/%s/10; echo yes > /dev/udp/%1$s/9".formatted(APP.gateway()));
      assertThat(ringtap.packets()).hasSize(1);
      assertThat(ringtap.packets("udp dst port 10")).isEmpty();
      assertThat(ringtap.packets(packet -> packet.text().contains("yes"))).hasSize(1);
      assertThat(ringtap.packets(packet -> packet.text().contains("no"))).isEmpty();
    }
  }

  @Test
  void capturesAContainerThatSomebodyElseStarted() throws Exception {
    try (RingtapContainer ringtap = new RingtapContainer().capturing(APP.getContainerId())) {
      ringtap.start();
      NumberedFrames.send(APP, 1, 3);
      assertThat(NumberedFrames.in(ringtap.packets(NumberedFrames.FILTER)))
          .isEqualTo(NumberedFrames.upTo(3));
    }
  }

  @Test
  void packetsOutliveTheCapturedContainer() throws Exception {
    try (TestApp app = new TestApp();
        RingtapContainer ringtap = new RingtapContainer().capturing(app)) {
      ringtap.start();
      NumberedFrames.send(app, 1, 50);
      app.stop();
      assertThat(NumberedFrames.in(ringtap.packets(NumberedFrames.FILTER)))
          .isEqualTo(NumberedFrames.upTo(50));
    }
  }

  @Test
  void aDropIsNoSilence() throws Exception {
    try (RingtapContainer ringtap =
        new RingtapContainer()
            .capturing(APP)
            .withOptions("-B", "2")
            .withCaptureFilter(NumberedFrames.FILTER)) {
      ringtap.start();
      ringtap.getDockerClient().pauseContainerCmd(ringtap.getContainerId()).exec();
      APP.shell(
          "printf -v data %%1400s; for i in {1..3000}; do echo -n \"$data\" > /dev/udp/%s/9; done"
              .formatted(APP.gateway()));
      ringtap.getDockerClient().unpauseContainerCmd(ringtap.getContainerId()).exec();
      assertThatThrownBy(ringtap::packets)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageMatching("the kernel dropped \\d+ of 3000 frames.*larger ring.*");
      ringtap.stop();
      Ledger ledger = ringtap.ledger();
      assertThat(ledger.balances()).isTrue();
      assertThat(ledger.offered()).isEqualTo(3000);
      assertThat(ledger.dropped()).isPositive();
      assertThatThrownBy(ringtap::packets).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void anAgentThatWasKilledHasNoPacketsToTrust() {
    try (RingtapContainer ringtap = new RingtapContainer().capturing(APP)) {
      ringtap.start();
      ringtap.getDockerClient().killContainerCmd(ringtap.getContainerId()).exec();
      assertThatThrownBy(ringtap::packets)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("without a ledger, with exit code 137");
    }
  }

  @Test
  void oneThatIsNotRunningIsNamed() {
    try (TestApp app = new TestApp()) {
      app.start();
      String id = app.getContainerId();
      app.getDockerClient().killContainerCmd(id).exec();
      RingtapContainer ringtap = new RingtapContainer().capturing(id);
      assertThatThrownBy(ringtap::start)
          .hasMessageContainingAll("the container to capture, " + id, "is exited", "Start it");
      app.stop();
      assertThatThrownBy(ringtap::start).hasMessageContaining("is not there");
    }
  }

  @Test
  void missingImageSaysHowToBuildIt() {
    RingtapContainer ringtap =
        new RingtapContainer(DockerImageName.parse("ringtap/agent:none")).capturing("x");
    assertThatThrownBy(ringtap::start)
        .hasMessageContainingAll("no image ringtap/agent:none", "docker/build agent");
  }

  @Test
  void anImageOfAnotherNameCapturesAsItsPullPolicyAllows() throws Exception {
    String name = "registry.example.com/packets";
    DockerClient docker = APP.getDockerClient();
    docker.tagImageCmd(RingtapContainer.IMAGE.asCanonicalNameString(), name, "1").exec();
    List<String> asked = new ArrayList<>();
    DockerImageName image =
        DockerImageName.parse(name + ":1").asCompatibleSubstituteFor("ringtap/agent");
    try (RingtapContainer ringtap = new RingtapContainer(image).capturing(APP)) {
      ringtap.withImagePullPolicy(
          each -> {
            asked.add(each.asCanonicalNameString());
            return false;
          });
      ringtap.start();
      NumberedFrames.send(APP, 1, 3);

      assertThat(ringtap.packets(NumberedFrames.FILTER)).hasSize(3);
      assertThat(asked).contains(name + ":1");
    } finally {
      docker.removeImageCmd(name + ":1").exec();
    }
  }

  @Test
  void theDefaultImageIsNeverPulled() {
    List<String> asked = new ArrayList<>();
    try (RingtapContainer ringtap = new RingtapContainer().capturing(APP)) {
      ringtap.withImagePullPolicy(each -> asked.add(each.asCanonicalNameString()));
      ringtap.start();

      assertThat(asked).isEmpty();
    }
  }

  @Test
  void refusedCapabilityIsTheAgentsSentence() {
    try (RingtapContainer ringtap = new RingtapContainer().capturing(APP)) {
      ringtap.withCreateContainerCmdModifier(create -> create.getHostConfig().withCapAdd());
      assertThatThrownBy(ringtap::start).hasMessageContainingAll("exit code 77", "CAP_NET_RAW");
    }
  }
}
