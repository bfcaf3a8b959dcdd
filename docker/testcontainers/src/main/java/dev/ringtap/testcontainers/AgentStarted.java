package dev.ringtap.testcontainers;

import static org.testcontainers.containers.output.OutputFrame.OutputType.STDERR;

import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/** Waits until the agent captures; one that ends instead is not waited for. */
final class AgentStarted extends AbstractWaitStrategy {
  private static final String LISTENING = "listening on ";
  private static final long LOOK_MILLIS = 25;

  /** The command's exit code for it. */
  private static final long NO_PERMISSION = 77;

  @Override
  protected void waitUntilReady() {
    long deadline = System.nanoTime() + startupTimeout.toNanos();
    while (true) {
      // in this order: what it printed last is in the log when it is found to have ended
      boolean running = waitStrategyTarget.isRunning();
      String log = waitStrategyTarget.getLogs(STDERR);
      if (log.contains(LISTENING)) {
        return;
      }
      if (!running) {
        throw new ContainerLaunchException(ended(log));
      }
      if (System.nanoTime() - deadline > 0) {
        throw new ContainerLaunchException(
            "it did not begin to capture within " + startupTimeout + ": " + log.strip());
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ContainerLaunchException("interrupted while the agent starts", e);
      }
    }
  }

  private String ended(String log) {
    long code = waitStrategyTarget.getCurrentContainerInfo().getState().getExitCodeLong();
    String hint =
        code == NO_PERMISSION
            ? " (the container was to have NET_RAW: the engine's policy, or a modifier of this test,"
                + " has taken it away)"
            : "";
    return "it ended with exit code " + code + hint + ": " + log.strip();
  }
}
