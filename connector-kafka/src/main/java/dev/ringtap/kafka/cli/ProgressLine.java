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
 * lines: when Kafka falls silent, when it answers again, and once a minute while frames are lost.
 */
final class ProgressLine {
  private static final System.Logger LOG = System.getLogger(ProgressLine.class.getName());
  private static final String CLEAR_TO_END_OF_LINE = "\u001b[K";

  private final CaptureAgent agent;
  private final boolean kafka;
  private final boolean terminal =
      System.console() != null && System.console().isTerminal() && !LogFormat.isJson();
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "live-line");
            thread.setDaemon(true);
            return thread;
          });

  private final LossSummary losses;
  private AgentCounts last;

  /** For how long Kafka has been silent, since that was logged; 0 if it is not. */
  private double silentSeconds;

  private ProgressLine(CaptureAgent agent, boolean kafka) {
    this.agent = agent;
    this.kafka = kafka;
    this.last = agent.counts();
    this.losses = new LossSummary(last);
  }

  /** Runs an agent to its end and shows how it goes. */
  static Ledger run(CaptureAgent agent, boolean kafka) {
    ProgressLine line = new ProgressLine(agent, kafka);
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
    losses.tick(now);
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
        now.acknowledged(),
        now.notDelivered());
  }

  private void watchKafka(AgentCounts now) {
    if (now.isKafkaSilent()) {
      if (silentSeconds == 0) {
        LOG.log(
            Level.WARNING,
            "Kafka acknowledges nothing; records wait, then the ring holds frames, then the kernel"
                + " drops them seconds={0} inFlight={1}",
            Math.round(now.silentSeconds()),
            now.inFlight());
      }
      silentSeconds = now.silentSeconds();
    } else if (silentSeconds > 0) {
      LOG.log(Level.INFO, "Kafka acknowledges again seconds={0}", Math.round(silentSeconds));
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
