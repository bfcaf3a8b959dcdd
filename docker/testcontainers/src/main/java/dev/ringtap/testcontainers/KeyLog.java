package dev.ringtap.testcontainers;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.DockerException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.containers.ContainerState;

/** The TLS keys that a captured container logs. */
final class KeyLog implements ContainerState {
  private static final Logger LOG = LoggerFactory.getLogger(KeyLog.class);

  private final String containerId;
  private final @Nullable String path;
  private byte[] content = {};

  /**
   * @param path of the key log in the container, or null for none
   */
  KeyLog(String containerId, @Nullable String path) {
    this.containerId = containerId;
    this.path = path;
  }

  /** Reads what is there by now; keeps what was there if the container has been removed. */
  void read() {
    if (path == null) {
      return;
    }
    try {
      content = copyFileFromContainer(path, InputStream::readAllBytes);
    } catch (DockerException | IllegalStateException e) {
      LOG.warn("no TLS keys of container {}: cannot read {}: {}", containerId, path, e.toString());
    }
  }

  byte[] content() {
    return content;
  }

  @Override
  public String getContainerId() {
    return containerId;
  }

  @Override
  public InspectContainerResponse getContainerInfo() {
    return getDockerClient().inspectContainerCmd(containerId).exec();
  }

  @Override
  public List<Integer> getExposedPorts() {
    return List.of();
  }
}
