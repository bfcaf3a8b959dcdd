package dev.ringtap.testcontainers;

import static org.testcontainers.containers.output.OutputFrame.OutputType.STDERR;

import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/** Waits until the agent captures; one that ends instead is not waited for. */
final class AgentStarted extends AbstractWaitStrategy {
  private static final String LISTENING = "listening on ";
  private static final long LOOK_MILLIS = 25;

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
        throw new ContainerLaunchException("the agent ended at its start: " + log.strip());
      }
      if (System.nanoTime() - deadline > 0) {
        throw new ContainerLaunchException(
            "the agent did not begin to capture within " + startupTimeout + ": " + log.strip());
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ContainerLaunchException("interrupted while the agent starts", e);
      }
    }
  }
}
