package dev.ringtap.testcontainers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Image;
import com.github.dockerjava.api.model.Network;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;

/**
 * Removes the containers, networks and images of test runs that were killed, where no reaper of
 * Testcontainers does. A run holds the lock of a file that is named after its session; the kernel
 * releases it however the run ends. Thread-safe.
 */
final class Leftovers {
  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

  /** Testcontainers labels all that it makes with it. */
  private static final String LABEL = DockerClientFactory.TESTCONTAINERS_SESSION_ID_LABEL;

  private static final Path SESSIONS =
      Path.of(
          System.getProperty("java.io.tmpdir"),
          "ringtap-sessions-" + System.getProperty("user.name"));

  /** Of this run; never closed. */
  private static @Nullable FileChannel own;

  private static boolean removed;

  private Leftovers() {}

  /** Makes this run known to later ones. */
  static synchronized void register() {
    if (own != null) {
      return;
    }
    try {
      Files.createDirectories(SESSIONS);
      Path file = SESSIONS.resolve(DockerClientFactory.SESSION_ID);
      Path hidden = Files.createTempFile(SESSIONS, ".", "");
      FileChannel channel = FileChannel.open(hidden, StandardOpenOption.WRITE);
      own = channel;
      channel.lock();
      // locked from the moment on when others can see it; a later run deletes it, for one that is
      // told to end may leave something too
      Files.move(hidden, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.warn("this run is not cleaned up if it is killed: {}", e.toString());
    }
  }

  /** Removes what runs that are over have left, once in a run. */
  static synchronized void remove() {
    if (!removed) {
      removed = true;
      removeNow();
    }
  }

  static void removeNow() {
    try (Stream<Path> listed = Files.list(SESSIONS)) {
      List<Path> files =
          listed
              .filter(file -> !file.getFileName().toString().startsWith("."))
              .filter(file -> !file.endsWith(DockerClientFactory.SESSION_ID))
              .collect(Collectors.toList());
      files.forEach(Leftovers::removeIfOver);
    } catch (IOException e) {
      LOG.warn("what killed runs have left is not removed: {}", e.toString());
    }
  }

  private static void removeIfOver(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      // A run that finds something leaves the file to the next one: the engine may still create
      // what a killed run has asked for.
      if (lock != null && removeSession(file.getFileName().toString()) == 0) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // another run has found nothing either
    } catch (IOException | DockerException e) {
      LOG.warn(
          "what the run {} has left is not removed, the next run tries again: {}",
          file.getFileName(),
          e.toString());
    }
  }

  /** Returns how many containers, networks and images there were. */
  private static int removeSession(String id) {
    DockerClient docker = DockerClientFactory.lazyClient();
    Map<String, String> label = Map.of(LABEL, id);
    List<Container> containers =
        docker.listContainersCmd().withShowAll(true).withLabelFilter(label).exec();
    for (Container each : containers) {
      docker.removeContainerCmd(each.getId()).withForce(true).withRemoveVolumes(true).exec();
    }
    List<Network> networks =
        docker.listNetworksCmd().withFilter("label", List.of(LABEL + "=" + id)).exec();
    for (Network each : networks) {
      docker.removeNetworkCmd(each.getId()).exec();
    }
    List<Image> images = docker.listImagesCmd().withLabelFilter(label).exec();
    for (Image each : images) {
      docker.removeImageCmd(each.getId()).withForce(true).exec();
    }
    return containers.size() + networks.size() + images.size();
  }
}
