package dev.ringtap.testcontainers;

import static org.testcontainers.containers.output.OutputFrame.OutputType.STDERR;

import com.github.dockerjava.api.exception.ConflictException;
import dev.ringtap.record.Packet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.testcontainers.containers.ContainerState;

/** One run of the agent in its container: what it has captured, and at its end the ledger. */
final class AgentRun {
  /** Where the agent writes the frames that are handed over. */
  static final String FILE = "/tmp/ringtap.pcapng";

  /** Longer than the agent's drain timeout is set to: one that is killed leaves no ledger. */
  private static final int STOP_SECONDS = 120;

  private static final long FLUSH_SECONDS = 60;
  private static final long LOOK_MILLIS = 10;

  private final ContainerState container;

  /** Null where the frames go to Kafka. */
  private final FrameFile frames;

  private boolean ended;
  private String log = "";
  private long exitCode;

  /** Why its end is not known, or null. */
  private RuntimeException failure;

  /**
   * @param container in which the agent captures by now
   * @param isFileWritten whether it writes {@link #FILE}
   */
  AgentRun(ContainerState container, boolean isFileWritten) {
    this.container = container;
    try {
      this.frames = isFileWritten ? new FrameFile() : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until all that has come in by now has arrived. */
  synchronized Progress flush() {
    if (isOver()) {
      return progressAtEnd();
    }
    int before = Progress.in(container.getLogs(STDERR)).size();
    try {
      container
          .getDockerClient()
          .killContainerCmd(container.getContainerId())
          .withSignal("USR1")
          .exec();
    } catch (ConflictException e) {
      // it has just ended
      end();
      return progressAtEnd();
    }
    long deadline = System.nanoTime() + FLUSH_SECONDS * 1_000_000_000L;
    while (true) {
      // in this order: an answer that was its last word is in the log when it is found to be over
      boolean over = isOver();
      List<Progress> answers = Progress.in(over ? log : container.getLogs(STDERR));
      if (answers.size() > before) {
        return answers.get(answers.size() - 1);
      }
      if (over) {
        return progressAtEnd();
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "frames are still on their way after "
                + FLUSH_SECONDS
                + " s; the agent says: "
                + container.getLogs(STDERR).strip());
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

  private Progress progressAtEnd() {
    Ledger ledger = ledger();
    return new Progress(ledger.offered(), ledger.dropped());
  }

  /** All packets that were on the wire before this call. */
  synchronized List<Packet> packets() {
    if (frames == null) {
      throw new IllegalStateException(
          "the packets go to the Kafka topic: read them there, or leave out toKafka");
    }
    Progress progress = flush();
    if (progress.dropped() > 0) {
      throw new IllegalStateException(
          "the kernel dropped "
              + progress.dropped()
              + " of "
              + progress.offered()
              + " frames, so these packets would not be all: use a larger ring,"
              + " withOptions(\"-B\", \"256\"), or withCaptureFilter");
    }
    if (!ended) {
      copyFrames();
    }
    return frames.packets();
  }

  private void copyFrames() {
    container.copyFileFromContainer(
        FILE,
        file -> {
          frames.update(file);
          return null;
        });
  }

  /** Has the agent bring all that it captured to its end, and keeps what it leaves behind. */
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
      log = container.getLogs(STDERR);
      exitCode = container.getCurrentContainerInfo().getState().getExitCodeLong();
      if (frames != null && Ledger.in(log).isPresent()) {
        copyFrames();
      }
    } catch (RuntimeException e) {
      // the container is to be removed all the same
      failure = e;
    }
    if (frames != null) {
      frames.close();
    }
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
      throw new IllegalStateException(
          "the end of the capture is not known: " + failure.getMessage(), failure);
    }
    return Ledger.in(log)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "the agent ended without a ledger, with exit code "
                        + exitCode
                        + "; it said: "
                        + log.strip()));
  }
}
