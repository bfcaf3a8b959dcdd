package dev.ringtap.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.testcontainers.RequiresImages;
import dev.ringtap.testcontainers.TestApp;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** The agent's image under {@code docker run}, with and without what it may do. */
@Timeout(60)
@RequiresImages("agent")
class AgentImageIT {
  private static final int FRAMES = 20;

  /** These are sent to where nobody listens, and nothing else is. */
  private static final String FILTER = "udp dst port 9";

  private static final String NO_PERMISSION =
      "ringtap: no permission to capture on eth0: CAP_NET_RAW is missing.";

  private static TestApp app;

  @BeforeAll
  static void start() {
    app = new TestApp();
    app.start();
  }

  @AfterAll
  static void stop() {
    app.close();
  }

  /** An agent beside the application: options of docker run, the image, the command. */
  private static DockerCommand beside(List<String> options, String... command) throws IOException {
    List<String> arguments = new ArrayList<>(options);
    arguments.addAll(List.of("--network", "container:" + app.getContainerId(), "ringtap/agent"));
    arguments.addAll(List.of(command));
    return DockerCommand.run(arguments.toArray(String[]::new));
  }

  /** Sends frames once it listens; it must end with all of them. */
  private static void assertCaptures(DockerCommand agent) throws Exception {
    try (agent) {
      agent.awaitLine("listening on eth0");
      app.shell("for i in {1..%d}; do echo $i >/dev/udp/192.0.2.1/9; done".formatted(FRAMES));
      assertThat(agent.end(0)).contains("captured %d = %<d acknowledged".formatted(FRAMES));
    }
  }

  private static String[] capture(String... more) {
    return Stream.concat(
            Stream.of("capture", "-i", "eth0", "-w", "/dev/null"),
            Stream.concat(Stream.of(more), Stream.of("-c", "" + FRAMES, FILTER)))
        .toArray(String[]::new);
  }

  @Test
  void capturesAsAnUnprivilegedUserWithNetRawAlone() throws Exception {
    List<String> options = List.of("--cap-drop", "ALL", "--cap-add", "NET_RAW", "--read-only");

    assertCaptures(beside(options, capture()));
  }

  @Test
  void isHealthyWhileItCapturesAndHasThatOneCapability() throws Exception {
    try (GenericContainer<?> agent = agentThatStays("capture", "-i", "eth0", "-w", "/dev/null")) {
      agent.waitingFor(Wait.forHealthcheck()).start();

      String status = agent.execInContainer("cat", "/proc/1/status").getStdout();
      assertThat(status).containsPattern("Uid:\\s10001\\s10001\\s10001\\s10001");
      assertThat(status).containsPattern("CapEff:\\s0000000000002000");
    }
  }

  @Test
  void isHealthyAndReadyByItsOwnWord() throws Exception {
    try (GenericContainer<?> agent =
        agentThatStays("capture", "-i", "eth0", "-w", "/dev/null")
            .withEnv("RINGTAP_METRICS", "9464")) {
      agent.waitingFor(Wait.forHealthcheck()).start();

      assertThat(agent.execInContainer("ringtap-health").getStdout()).startsWith("HTTP/1.1 200 OK");
      assertThat(agent.execInContainer("http-ok", "9464", "/readyz").getExitCode()).isZero();
    }
  }

  @Test
  void isNotHealthyWhileItWaitsForItsInterface() throws Exception {
    try (GenericContainer<?> agent = agentThatStays("capture", "-i", "eth7", "--wait", "-w", "x")) {
      agent.start();

      ExecResult health = agent.execInContainer("ringtap-health");
      assertThat(health.getExitCode()).isEqualTo(1);
      assertThat(health.getStdout()).contains("nothing is captured");
    }
  }

  @Test
  void isNotHealthyWhileItWaitsForItsInterfaceHoweverItWasStarted() throws Exception {
    try (GenericContainer<?> agent =
        startedBy(
            "printf 'capture\\n-i\\neth7\\n--wait\\n-w\\nx\\n' >/tmp/a; exec ringtap @/tmp/a")) {
      agent.start();

      ExecResult health = agent.execInContainer("ringtap-health");
      assertThat(health.getExitCode()).isEqualTo(1);
      assertThat(health.getStdout()).contains("nothing is captured");
    }
  }

  @Test
  void isHealthyWhileItReplays() throws Exception {
    try (GenericContainer<?> agent =
        startedBy("mkfifo /tmp/pipe; exec ringtap capture -r /tmp/pipe -w /dev/null")) {
      agent.waitingFor(Wait.forHealthcheck()).start();

      assertThat(agent.execInContainer("ringtap-health").getExitCode()).isZero();
    }
  }

  private static GenericContainer<?> startedBy(String script) {
    return agentThatStays(script)
        .withCreateContainerCmdModifier(command -> command.withEntrypoint("sh", "-c"));
  }

  private static GenericContainer<?> agentThatStays(String... command) {
    return new GenericContainer<>(TestApp.image("agent"))
        .withNetworkMode("container:" + app.getContainerId())
        .withCommand(command);
  }

  @Test
  void withoutNetRawItEndsWithOneSentence() throws Exception {
    try (DockerCommand agent = beside(List.of("--cap-drop", "ALL", "--read-only"), capture())) {
      assertThat(agent.end(77)).startsWith(NO_PERMISSION).hasLineCount(1);
    }
  }

  @Test
  void withoutMemoryItEnds() throws Exception {
    try (DockerCommand agent = beside(List.of("-e", "RINGTAP_JAVA_OPTS=-Xmx6m"), capture())) {
      assertThat(agent.end(3)).contains("java.lang.OutOfMemoryError");
    }
  }

  @Test
  void noNewPrivilegesTakesTheCapabilityFromTheUserAndNotFromRoot() throws Exception {
    List<String> options =
        List.of("--cap-drop", "ALL", "--cap-add", "NET_RAW", "--security-opt", "no-new-privileges");
    try (DockerCommand agent = beside(options, capture())) {
      assertThat(agent.end(77)).startsWith(NO_PERMISSION).hasLineCount(1);
    }

    List<String> asRoot = new ArrayList<>(options);
    asRoot.addAll(List.of("--user", "0:0", "--read-only"));
    assertCaptures(beside(asRoot, capture()));
  }

  @Test
  void takesItsOptionsFromTheEnvironment() throws Exception {
    List<String> options = new ArrayList<>();
    for (String each :
        List.of("INTERFACE=eth0", "WRITE=/dev/null", "COUNT=" + FRAMES, "FILTER=" + FILTER)) {
      options.addAll(List.of("-e", "RINGTAP_" + each));
    }

    assertCaptures(beside(options, "capture"));
  }

  @Test
  void takesItsOptionsFromAFile(@TempDir Path directory) throws Exception {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path file = Files.writeString(directory.resolve("agent.conf"), String.join("\n", capture()));
    // the expression is one argument with blanks
    Files.writeString(file, Files.readString(file).replace(FILTER, '"' + FILTER + '"'));

    assertCaptures(
        beside(List.of("-v", file + ":/etc/ringtap/agent.conf:ro"), "@/etc/ringtap/agent.conf"));
  }

  @Test
  void capturesTheHostsInterfaces() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (DatagramSocket receiver = new DatagramSocket(new InetSocketAddress(loopback, 0));
        DatagramSocket sender = new DatagramSocket();
        DockerCommand agent =
            DockerCommand.run(
                "--network",
                "host",
                "ringtap/agent",
                "capture",
                "-i",
                "lo",
                "-w",
                "/dev/null",
                "-Q",
                "in",
                "-c",
                "" + FRAMES,
                "udp dst port " + receiver.getLocalPort())) {
      agent.awaitLine("listening on lo");
      for (int i = 0; i < FRAMES; i++) {
        sender.send(new DatagramPacket(new byte[1], 1, receiver.getLocalSocketAddress()));
      }

      assertThat(agent.end(0)).contains("captured %d = %<d acknowledged".formatted(FRAMES));
    }
  }

  /** The user of the images that do not capture: the broker's, and that of Java alone. */
  @Test
  void onlyTheGroupThatCapturesMayUseTheCapability() throws Exception {
    try (DockerCommand java =
        DockerCommand.run(
            "--user",
            "10001:10001",
            "--entrypoint",
            "/opt/java/bin/java-net-raw",
            "ringtap/agent",
            "-version")) {
      assertThat(java.end(126)).containsIgnoringCase("permission denied");
    }
  }
}
