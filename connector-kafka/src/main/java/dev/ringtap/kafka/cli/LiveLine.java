package dev.ringtap.kafka.cli;

import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.Ledger;
import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Rates of a run, every second on one line of a terminal. Elsewhere nothing is written but log
 * lines: one when Kafka falls silent, one when it answers again.
 */
final class LiveLine {
  private static final System.Logger LOG = System.getLogger(LiveLine.class.getName());
  private static final String CLEAR_TO_END_OF_LINE = "\u001b[K";

  private final CaptureAgent agent;
  private final boolean kafka;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "live-line");
            thread.setDaemon(true);
            return thread;
          });

  private AgentCounts last;

  /** For how long Kafka has been silent, since that was logged; 0 if it is not. */
  private double silentSeconds;

  private LiveLine(CaptureAgent agent, boolean kafka) {
    this.agent = agent;
    this.kafka = kafka;
    this.last = agent.counts();
  }

  /** Runs an agent to its end and shows how it goes. */
  static Ledger run(CaptureAgent agent, boolean kafka) {
    LiveLine line = new LiveLine(agent, kafka);
    line.ticker.scheduleAtFixedRate(line::tickOrEnd, 1, 1, TimeUnit.SECONDS);
    try {
      return agent.run();
    } finally {
      line.end();
    }
  }

  /** A line that cannot be shown ends the line, not the run. */
  private void tickOrEnd() {
    try {
      tick();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, "no more lines about the run's rates: " + e, e);
      ticker.shutdown();
    }
  }

  private void tick() {
    AgentCounts now = agent.counts();
    if (terminal) {
      System.err.print("\r" + text(last, now) + CLEAR_TO_END_OF_LINE);
    }
    if (kafka) {
      watchKafka(now);
    }
    last = now;
  }

  /** One second's difference as a line. */
  static String text(AgentCounts before, AgentCounts now) {
    return String.format(
        Locale.ROOT,
        "%,d frames/s  %.1f MB/s  captured %,d  dropped %,d  acknowledged %,d  not delivered %,d",
        now.captured() - before.captured(),
        (now.capturedBytes() - before.capturedBytes()) / 1e6,
        now.captured(),
        now.dropped(),
        now.framesAcknowledged(),
        now.notDelivered());
  }

  private void watchKafka(AgentCounts now) {
    if (now.isKafkaSilent()) {
      if (silentSeconds == 0) {
        LOG.log(
            Level.WARNING,
            "Kafka has acknowledged nothing for {0} s; records wait, then the ring holds frames,"
                + " then the kernel drops them and counts",
            Math.round(now.silentSeconds()));
      }
      silentSeconds = now.silentSeconds();
    } else if (silentSeconds > 0) {
      LOG.log(Level.INFO, "Kafka acknowledges again after {0} s", Math.round(silentSeconds));
      silentSeconds = 0;
    }
  }

  private void end() {
    ticker.shutdownNow();
    if (terminal) {
      System.err.print("\r" + CLEAR_TO_END_OF_LINE);
    }
  }
}
