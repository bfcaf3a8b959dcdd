package dev.ringtap.flink.source;

import dev.ringtap.record.BadValueException;
import java.io.Serializable;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to a topic's values that cannot be read: they fail the job, or are skipped and
 * counted in the metric {@code ringtap.badValues}; the first one is logged. For one thread.
 */
public final class BadValues implements Serializable {
  private static final long serialVersionUID = 1;

  private static final Logger LOG = LoggerFactory.getLogger(BadValues.class);

  private final boolean skips;
  private transient Counter skipped;

  /**
   * @param skips whether they are skipped; otherwise they fail the job
   */
  public BadValues(boolean skips) {
    this.skips = skips;
  }

  /** Registers the metric. */
  public void open(MetricGroup group) {
    skipped = group.addGroup("ringtap").counter("badValues");
  }

  /**
   * Skips a value.
   *
   * @throws BadValueException if it is not to be skipped
   */
  public void skip(BadValueException e) throws BadValueException {
    if (!skips) {
      throw e;
    }
    if (skipped.getCount() == 0) {
      LOG.warn("skipped a value, and will skip others without a line: {}", e.getMessage());
    }
    skipped.inc();
  }

  /** Whether bad values are skipped. */
  boolean skips() {
    return skips;
  }
}
