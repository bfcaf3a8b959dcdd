package dev.ringtap.kafka.agent;

import java.util.concurrent.atomic.LongAdder;

/** What became of the frames of one capture. The sinks count; any thread reads. */
final class Delivery {
  private final Count acknowledged = new Count();
  private final Count records = new Count();
  private final Count written = new Count();

  /** Of all members. */
  private final LongAdder withoutFlow = new LongAdder();

  private final LongAdder open = new LongAdder();
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

  /** Frames of which there is no flow record to be sent. */
  void withoutFlow(long frames) {
    withoutFlow.add(frames);
  }

  /** Frames of no flow; none where packets are counted. */
  long framesWithoutFlow() {
    return withoutFlow.sum();
  }

  /** More frames of open flows than before, or fewer. */
  void open(long more) {
    open.add(more);
  }

  /** Frames of open flows. */
  long framesInOpenFlows() {
    return open.sum();
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
