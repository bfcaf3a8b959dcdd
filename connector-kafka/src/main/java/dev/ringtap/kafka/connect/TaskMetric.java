package dev.ringtap.kafka.connect;

import java.util.Locale;

/** What a task counts, in frames unless stated otherwise, since it was started. */
enum TaskMetric {
  /** Each is described for the worker's metrics and for the page. */
  CAPTURING("1 while the task captures, 0 while its interface is missing."),
  /** First of what adds up. */
  OFFERED("Frames that passed the filter, dropped ones included; at most a second old."),
  DROPPED_BY_KERNEL("Frames for which the ring had no room; in a file, the drops it records."),
  CAPTURED("Frames taken from the ring or the file."),
  RING_FREEZES("How often the ring was full and the kernel stopped filling it; times."),
  RING_FILL_PERCENT(
      "Share of the ring that is filled and not released, in percent; at 100 the kernel drops frames."),
  LOST_BEFORE("Sum of lostBefore over the records: drops that the records report."),
  POLLED("Frames handed to Connect as records."),
  UNREADABLE("Frames in blocks whose headers do not fit."),
  LEFT_AT_STOP("Frames that were in the ring when the task was stopped."),
  ACKNOWLEDGED("Records that Kafka acknowledged."),
  SKIPPED("Records that a transform dropped, or that errors.tolerance=all skipped."),
  UNCONFIRMED("Records that Connect has taken and neither acknowledged nor rejected yet.");

  private final String description;

  TaskMetric(String description) {
    this.description = description;
  }

  /** Its name, words joined by hyphens as in Kafka's own metrics. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Its exact meaning. */
  String description() {
    return description;
  }
}
