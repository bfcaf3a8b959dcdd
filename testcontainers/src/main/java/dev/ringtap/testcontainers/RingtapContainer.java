package dev.ringtap.testcontainers;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** The agent as a container of a test. */
public class RingtapContainer extends GenericContainer<RingtapContainer> {
  private static final DockerImageName IMAGE = DockerImageName.parse("ringtap/agent:latest");

  /** The agent's image as {@code docker/build agent} makes it. */
  public RingtapContainer() {
    super(IMAGE);
  }
}
