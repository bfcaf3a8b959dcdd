package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentCounts;
import java.lang.System.Logger.Level;

/** Logs one line a minute while frames are lost, and none while all is well. For one thread. */
final class LossSummary {
  private static final System.Logger LOG = System.getLogger(LossSummary.class.getName());

  static final int PERIOD_SECONDS = 60;

  private AgentCounts before;
  private int seconds;

  /**
   * @param start the counts at the start
   */
  LossSummary(AgentCounts start) {
    before = start;
  }

  /** Looks at the counts; once a second. */
  void tick(AgentCounts now) {
    if (++seconds < PERIOD_SECONDS) {
      return;
    }
    long dropped = now.dropped() - before.dropped();
    long missed = now.droppedByInterface() - before.droppedByInterface();
    long notDelivered = now.notDelivered() - before.notDelivered();
    if (dropped > 0 || missed > 0 || notDelivered > 0) {
      LOG.log(
          Level.WARNING,
          "frames are lost seconds={0} offered={1} droppedByKernel={2} droppedByInterface={3}"
              + " notDelivered={4} inFlight={5} ringFillPercent={6}",
          seconds,
          now.offered() - before.offered(),
          dropped,
          missed,
          notDelivered,
          now.inFlight(),
          Math.round(100 * now.ringFill()));
    }
    before = now;
    seconds = 0;
  }
}
