package dev.ringtap.flink.source;

import java.util.function.Function;

/** The gauges that each split has; counts are since the split was opened, unless said. */
public enum PacketMetric {
  /** Frames in the blocks that were taken from the ring or the file. */
  CAPTURED(
      "captured",
      "frames in the blocks taken from the ring or the file, since the split was opened",
      run -> run.statistics().captured()),

  /** Frames that went into the stream. */
  EMITTED("emitted", "frames that went into the stream, since then", SplitContext::emitted),

  /** Frames for which the ring had no room. */
  DROPPED_BY_KERNEL(
      "droppedByKernel",
      "frames for which the ring had no room, since then; for a file those it tells of as lost",
      run -> run.statistics().droppedByKernel()),

  /** How often the ring was full. */
  RING_FREEZES(
      "ringFreezes",
      "how often the ring was full and the kernel stopped filling it",
      run -> run.statistics().ringFreezes()),

  /** The part of the ring that the reader has. */
  RING_FILL(
      "ringFill",
      "the share of the ring's blocks that is filled and not released, 0 to 1; at 1 the kernel"
          + " drops frames",
      SplitContext::ringFill),

  /** Sum of lostBefore. */
  LOST_BEFORE(
      "lostBefore",
      "sum of `lostBefore` of all frames emitted; a restore continues it",
      SplitContext::lostBefore),

  /** Frames that cannot be read. */
  UNREADABLE(
      "unreadable",
      "frames in blocks whose headers do not fit; 0 unless something is broken",
      run -> run.ledger().unreadable());

  private final String metricName;
  private final String description;
  private final Function<SplitContext, Number> value;

  PacketMetric(String metricName, String description, Function<SplitContext, Number> value) {
    this.metricName = metricName;
    this.description = description;
    this.value = value;
  }

  /** The gauge's name. */
  public String metricName() {
    return metricName;
  }

  /** What it counts. */
  public String description() {
    return description;
  }

  Number of(SplitContext run) {
    return value.apply(run);
  }
}
