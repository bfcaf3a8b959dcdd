package dev.ringtap.testcontainers;

import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/** Waits until the agent captures; one that ends instead is not waited for. */
final class AgentStarted extends AbstractWaitStrategy {
  private static final String STARTED = "capture started";
  private static final long LOOK_MILLIS = 25;

  /** The command's exit code for it. */
  private static final long NO_PERMISSION = 77;

  @Override
  protected void waitUntilReady() {
    long deadline = System.nanoTime() + startupTimeout.toNanos();
    while (true) {
      // in this order: what it logged last is in the log when it is found to have ended
      boolean running = waitStrategyTarget.isRunning();
      AgentLog log = AgentLog.of(waitStrategyTarget);
      if (!log.events(STARTED).isEmpty()) {
        return;
      }
      if (!running) {
        throw new ContainerLaunchException(ended(log));
      }
      if (System.nanoTime() - deadline > 0) {
        throw new ContainerLaunchException(
            "it did not begin to capture within " + startupTimeout + ": " + log);
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ContainerLaunchException("interrupted while the agent starts", e);
      }
    }
  }

  private String ended(AgentLog log) {
    long code = AgentRun.exitCode(waitStrategyTarget);
    String hint =
        code == NO_PERMISSION
            ? " (the container was to have NET_RAW: the engine's policy, or a modifier of this test,"
                + " has taken it away)"
            : "";
    return "it ended with exit code " + code + hint + ": " + log;
  }
}
