package dev.ringtap.testcontainers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.DockerStatus;
import org.testcontainers.utility.MountableFile;

/** {@code ringtap dump} in a container: it decodes and filters what an agent captured. */
final class Dump {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String MERGED = "/tmp/merged.pcapng";
  private static final String KEYS = "/tmp/keys.log";

  /** The command's exit code for it. */
  private static final long BAD_USAGE = 2;

  private Dump() {}

  private static List<String> command(String expression) {
    List<String> command = new ArrayList<>(List.of("dump", "-r", AgentRun.FILE, "--json"));
    if (!expression.isEmpty()) {
      command.addAll(List.of("--", expression));
    }
    return command;
  }

  /**
   * The packets of an agent's file, read in its own container.
   *
   * @param expression of pcap-filter(7); the empty one keeps all
   * @throws IllegalArgumentException if the expression is wrong
   * @throws IllegalStateException if the container does not run, or the command fails
   */
  static List<CapturedPacket> within(
      org.testcontainers.containers.ContainerState agent, String expression) {
    List<String> command = command(expression);
    command.add(0, "ringtap");
    try {
      ExecResult result = agent.execInContainer(command.toArray(String[]::new));
      return packets(result.getExitCode(), result.getStdout(), result.getStderr());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while packets are read", e);
    }
  }

  /**
   * The packets of a file of an agent that has ended, read in a container of their own.
   *
   * @throws IllegalArgumentException if the expression is wrong
   */
  static List<CapturedPacket> of(Path file, DockerImageName image, String expression) {
    try (GenericContainer<?> container = new GenericContainer<>(image)) {
      run(container.withCopyFileToContainer(readable(file), AgentRun.FILE), command(expression));
      return packets(
          AgentRun.exitCode(container),
          container.getLogs(OutputType.STDOUT),
          container.getLogs(OutputType.STDERR));
    }
  }

  /**
   * Merges files of agents that have ended into one.
   *
   * @param tlsKeys a TLS key log, empty for none
   * @throws IOException if it cannot be written
   */
  static void save(
      List<Path> files, byte[] tlsKeys, DockerImageName image, Path target, String comment)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("dump", "-w", MERGED, "--name-hosts"));
    command.addAll(List.of("--comment", comment));
    try (GenericContainer<?> container = new GenericContainer<>(image)) {
      for (int i = 0; i < files.size(); i++) {
        String inside = "/tmp/" + i + ".pcapng";
        container.withCopyFileToContainer(readable(files.get(i)), inside);
        command.addAll(List.of("-r", inside));
      }
      if (tlsKeys.length > 0) {
        container.withCopyToContainer(Transferable.of(tlsKeys, 0444), KEYS);
        command.addAll(List.of("--tls-keys", KEYS));
      }
      run(container, command);
      if (AgentRun.exitCode(container) != 0) {
        throw new IOException(
            "cannot write " + target + ": " + container.getLogs(OutputType.STDERR).strip());
      }
      container.copyFileFromContainer(
          MERGED,
          content -> {
            Files.copy(content, target, StandardCopyOption.REPLACE_EXISTING);
            return null;
          });
    }
  }

  private static MountableFile readable(Path file) {
    return MountableFile.forHostPath(file, 0444);
  }

  private static void run(GenericContainer<?> container, List<String> command) {
    container
        .withNetworkMode("none")
        // the agent has run from it
        .withImagePullPolicy(each -> false)
        .withCommand(command.toArray(String[]::new))
        .withStartupCheckStrategy(new Ended())
        .start();
  }

  private static List<CapturedPacket> packets(long exitCode, String out, String err) {
    if (exitCode == BAD_USAGE) {
      throw new IllegalArgumentException(
          err.lines().findFirst().orElse("").replaceFirst("^ringtap: ", ""));
    }
    if (exitCode != 0) {
      throw new IllegalStateException(
          "the packets cannot be read: exit code " + exitCode + ", " + err.strip());
    }
    List<CapturedPacket> packets = new ArrayList<>();
    out.lines().filter(line -> !line.isBlank()).forEach(line -> packets.add(packet(line)));
    return List.copyOf(packets);
  }

  private static CapturedPacket packet(String line) {
    try {
      return new CapturedPacket(JSON.readTree(line));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A command has been started when it has ended, well or not. */
  private static final class Ended extends StartupCheckStrategy {
    @Override
    public StartupStatus checkStartupState(DockerClient client, String containerId) {
      ContainerState state = getCurrentState(client, containerId);
      return DockerStatus.isContainerStopped(state)
          ? StartupStatus.SUCCESSFUL
          : StartupStatus.NOT_YET_KNOWN;
    }
  }
}
