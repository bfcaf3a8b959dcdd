package dev.ringtap.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.MountableFile;

/**
 * A container to be watched. It has a shell and Java, and does what it is told; it is of the
 * agent's image because that one is there wherever these tests run.
 */
public final class TestApp extends GenericContainer<TestApp> {
  private static final String CLASSES = "/opt/app";

  /** An application that waits to be told. */
  public TestApp() {
    super(image("agent"));
    entrypoint("sleep", "infinity");
    withCopyFileToContainer(MountableFile.forHostPath(classes()), CLASSES);
  }

  /** The name of an image of this build. */
  public static String image(String name) {
    return RingtapContainer.IMAGE.asCanonicalNameString().replace("/agent:", "/" + name + ":");
  }

  /** A directory of classes, or a jar. */
  private static Path classes() {
    try {
      return Path.of(TestApp.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private void entrypoint(String... command) {
    withCreateContainerCmdModifier(create -> create.withEntrypoint(command).withCmd());
  }

  /** Runs a program of {@code dev.ringtap.testcontainers.app} in its place, until it is ready. */
  public TestApp running(String program, String... arguments) {
    String[] command = {"java", "-cp", CLASSES, "dev.ringtap.testcontainers.app." + program};
    entrypoint(
        Stream.concat(Arrays.stream(command), Arrays.stream(arguments)).toArray(String[]::new));
    return waitingFor(Wait.forLogMessage("ready\\R", 1));
  }

  /** This machine's address in the application's network. */
  public String gateway() {
    return getContainerInfo().getNetworkSettings().getNetworks().values().stream()
        .findFirst()
        .orElseThrow()
        .getGateway();
  }

  /** Runs a script in it, which must succeed. */
  public String shell(String script) throws IOException, InterruptedException {
    return checked(execInContainer("bash", "-c", script));
  }

  /** Sends layer-2 frames from its interface. */
  public void send(byte[]... frames) throws IOException, InterruptedException {
    String[] command = {
      // it has the capability that a packet socket takes
      "java-capture",
      "--enable-native-access=ALL-UNNAMED",
      "-cp",
      "/opt/ringtap/lib/*",
      "dev.ringtap.lab.SendFrames",
      "eth0"
    };
    checked(
        execInContainer(
            Stream.concat(
                    Arrays.stream(command), Arrays.stream(frames).map(HexFormat.of()::formatHex))
                .toArray(String[]::new)));
  }

  private static String checked(ExecResult result) {
    assertThat(result.getExitCode()).as(result.getStderr()).isZero();
    return result.getStdout();
  }
}
