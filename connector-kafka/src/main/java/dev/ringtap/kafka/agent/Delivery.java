package dev.ringtap.kafka.agent;

/** What became of the frames of one capture. The sinks count; any thread reads. */
final class Delivery {
  private final Count acknowledged = new Count();
  private final Count records = new Count();
  private final Count written = new Count();
  private final LatencyHistogram latency = new LatencyHistogram();
  private final DeliveryFailures failures;

  /**
   * @param capture the interface or the file, for the log
   */
  Delivery(String capture) {
    failures = new DeliveryFailures(capture);
  }

  /** Kafka acknowledged a record; in the producer's own thread, of which there is one at a time. */
  void acknowledged(int frames, long latencyNanos) {
    latency.add(latencyNanos);
    records.add(1);
    acknowledged.add(frames);
  }

  /** Frames are in the file; one thread at a time. */
  void written(long frames) {
    written.add(frames);
  }

  /** Frames that did not arrive. */
  DeliveryFailures failures() {
    return failures;
  }

  /** Frames that Kafka acknowledged. */
  long framesAcknowledged() {
    return acknowledged.get();
  }

  /** Records in which they are. */
  long recordsAcknowledged() {
    return records.get();
  }

  /** Frames in the file. */
  long framesWritten() {
    return written.get();
  }

  /** From a record's first frame until Kafka acknowledged it. */
  Latency latency() {
    return latency.snapshot();
  }
}
