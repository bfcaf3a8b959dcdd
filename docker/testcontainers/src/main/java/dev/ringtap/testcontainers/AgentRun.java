package dev.ringtap.testcontainers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.exception.ConflictException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.ContainerState;
import org.testcontainers.utility.DockerImageName;

/** One run of the agent in its container: what it has captured, and at its end the ledger. */
final class AgentRun {
  /** Where the agent writes the frames that are handed over. */
  static final String FILE = "/tmp/ringtap.pcapng";

  /** Where the agent writes its ledger. */
  static final String REPORT = "/tmp/ringtap.json";

  private static final String FLUSHED = "capture flushed";

  /** Longer than the agent's drain timeout is set to: one that is killed leaves no ledger. */
  private static final int STOP_SECONDS = 120;

  private static final long FLUSH_SECONDS = 60;
  private static final long END_SECONDS = 5;
  private static final long LOOK_MILLIS = 10;

  private final ContainerState container;
  private final DockerImageName image;
  private final boolean isFileWritten;

  /** What was read last, by expression, and how many frames had come in by then. */
  private final Map<String, List<CapturedPacket>> read = new HashMap<>();

  private long offeredWhenRead;

  private boolean ended;
  private AgentLog log = AgentLog.of("");
  private long exitCode;

  private final KeyLog keyLog;

  /** A copy of the agent's file, once the agent has ended. */
  private @Nullable Path file;

  /** Null before the end, and for an agent that was killed. */
  private @Nullable Ledger ledger;

  /** Why its end is not known, or null. */
  private @Nullable Exception failure;

  /**
   * @param container in which the agent captures by now
   * @param image the agent's
   * @param isFileWritten whether it writes {@link #FILE}
   * @param keyLog of the captured container
   */
  AgentRun(ContainerState container, DockerImageName image, boolean isFileWritten, KeyLog keyLog) {
    this.container = container;
    this.image = image;
    this.isFileWritten = isFileWritten;
    this.keyLog = keyLog;
  }

  /** Waits until all that has come in by now has arrived, and tells what has. */
  synchronized Ledger flush() {
    if (isOver()) {
      return ledger();
    }
    int before = AgentLog.of(container).events(FLUSHED).size();
    try {
      container
          .getDockerClient()
          .killContainerCmd(container.getContainerId())
          .withSignal("USR1")
          .exec();
    } catch (ConflictException e) {
      // it has just ended
      end();
      return ledger();
    }
    long deadline = System.nanoTime() + FLUSH_SECONDS * 1_000_000_000L;
    while (true) {
      // in this order: an answer that was its last word is in the log when it is found to be over
      boolean over = isOver();
      AgentLog now = over ? log : AgentLog.of(container);
      List<JsonNode> answers = now.events(FLUSHED);
      if (answers.size() > before) {
        return Ledger.of(answers.get(answers.size() - 1));
      }
      if (over) {
        return ledger();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "frames are still on their way after " + FLUSH_SECONDS + " s; the agent says: " + now);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while frames are on their way", e);
    }
  }

  /** Whether the agent was stopped, or has ended by itself. */
  private boolean isOver() {
    if (!ended && !container.isRunning()) {
      end();
    }
    return ended;
  }

  /**
   * All packets that were on the wire before this call.
   *
   * @param expression of pcap-filter(7); the empty one keeps all
   */
  synchronized List<CapturedPacket> packets(String expression) {
    if (!isFileWritten) {
      throw new IllegalStateException(
          "the packets go to the Kafka topic: read them there, or leave out toKafka");
    }
    Ledger arrived = flush();
    if (arrived.dropped() > 0) {
      throw new IllegalStateException(
          ("the kernel dropped %s of %s frames, so these packets would not be all: use a"
                  + " larger ring, withOptions(\"-B\", \"256\"), or withCaptureFilter")
              .formatted(arrived.dropped(), arrived.offered()));
    }
    if (arrived.offered() != offeredWhenRead) {
      read.clear();
      offeredWhenRead = arrived.offered();
    }
    return read.computeIfAbsent(expression, this::read);
  }

  private List<CapturedPacket> read(String expression) {
    if (!ended) {
      try {
        return Dump.within(container, expression);
      } catch (IllegalStateException | ConflictException e) {
        if (!endsSoon()) {
          throw e;
        }
      }
    }
    ledger();
    return Dump.of(kept(), image, expression);
  }

  /**
   * A copy of the file with what was on the wire before this call, whatever became of the agent.
   */
  synchronized Path file() throws IOException {
    if (!isFileWritten) {
      throw new IllegalStateException("the packets go to the Kafka topic");
    }
    if (!isOver()) {
      try {
        flush();
      } catch (IllegalStateException e) {
        // what has arrived is better than nothing
      }
    }
    if (!isOver()) {
      keepFile();
    }
    return kept();
  }

  /** The copy; there is none if the agent's end is not known. */
  private Path kept() {
    if (file == null) {
      throw unknownEnd(failure);
    }
    return file;
  }

  private static IllegalStateException unknownEnd(@Nullable Exception reason) {
    String why = reason == null ? "no file was written" : reason.getMessage();
    return new IllegalStateException("the end of the capture is not known: " + why, reason);
  }

  private void keepFile() throws IOException {
    Path kept = file;
    if (kept == null) {
      kept = Files.createTempFile("ringtap", ".pcapng");
      // it is read for as long as the test likes
      kept.toFile().deleteOnExit();
      file = kept;
    }
    copy(FILE, kept);
    keyLog.read();
  }

  /** What the key log had when {@link #file} was copied. */
  byte[] tlsKeys() {
    return keyLog.content();
  }

  /** Whether it has just ended: what is run in a container is killed before that shows. */
  private boolean endsSoon() {
    long deadline = System.nanoTime() + END_SECONDS * 1_000_000_000L;
    while (!isOver() && System.nanoTime() - deadline < 0) {
      pause();
    }
    return ended;
  }

  /** Has the agent bring all that it captured to its end, and keeps its files. */
  synchronized void end() {
    if (ended) {
      return;
    }
    ended = true;
    try {
      if (container.isRunning()) {
        container
            .getDockerClient()
            .stopContainerCmd(container.getContainerId())
            .withTimeout(STOP_SECONDS)
            .exec();
      }
      log = AgentLog.of(container);
      exitCode = exitCode(container);
      if (isFileWritten) {
        keepFile();
      }
      Path report = Files.createTempFile("ringtap", ".json");
      try {
        copy(REPORT, report);
        // the agent creates it at its start, and fills it at its end
        ledger =
            Files.size(report) == 0
                ? null
                : Ledger.of(new ObjectMapper().readTree(report.toFile()));
      } finally {
        Files.delete(report);
      }
    } catch (IOException | RuntimeException e) {
      // the container is to be removed all the same
      failure = e;
    }
  }

  /** Of a container that has ended. */
  static long exitCode(ContainerState container) {
    return Objects.requireNonNull(
        container.getCurrentContainerInfo().getState().getExitCodeLong(), "no exit code");
  }

  private void copy(String from, Path to) {
    container.copyFileFromContainer(
        from,
        content -> {
          Files.copy(content, to, StandardCopyOption.REPLACE_EXISTING);
          return null;
        });
  }

  /**
   * The ledger of a run that is over.
   *
   * @throws IllegalStateException if it goes on, or ended without one
   */
  synchronized Ledger ledger() {
    if (!isOver()) {
      throw new IllegalStateException(
          "the capture goes on, and its ledger is of its end: stop() it first");
    }
    if (failure != null) {
      throw unknownEnd(failure);
    }
    if (ledger == null) {
      throw new IllegalStateException(
          "the agent ended without a ledger, with exit code " + exitCode + "; it said: " + log);
    }
    return ledger;
  }
}
