package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureStatistics;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Where every frame of a task went: offered = dropped by the kernel + captured; captured = polled +
 * unreadable + left at the stop; polled = acknowledged + skipped + unconfirmed. Thread-safe.
 */
final class TaskLedger {
  private static final int PERCENT = 100;

  private final LongAdder lostBefore = new LongAdder();
  private final LongAdder polled = new LongAdder();
  private final LongAdder unreadable = new LongAdder();
  private final LongAdder leftAtStop = new LongAdder();
  private final LongAdder acknowledged = new LongAdder();
  private final LongAdder skipped = new LongAdder();

  private volatile Supplier<CaptureStatistics> statistics;
  private volatile DoubleSupplier ringFill = () -> 0;
  private volatile BooleanSupplier capturing = () -> true;

  /** Frames of a file: none but those that are polled are captured. */
  TaskLedger() {
    statistics =
        () -> {
          long dropped = lostBefore.sum();
          long captured = polled.sum();
          return new CaptureStatistics(captured + dropped, dropped, captured, 0);
        };
  }

  /** Frames of a ring, which counts for itself. */
  void follow(Supplier<CaptureStatistics> ring, DoubleSupplier fill, BooleanSupplier open) {
    statistics = ring;
    ringFill = fill;
    capturing = open;
  }

  void polled(long frames, long lost) {
    // the equation holds for who reads in between
    lostBefore.add(lost);
    polled.add(frames);
  }

  void unreadable(long frames) {
    unreadable.add(frames);
  }

  void leftAtStop(long frames) {
    leftAtStop.add(frames);
  }

  void acknowledged() {
    acknowledged.increment();
  }

  void skipped() {
    skipped.increment();
  }

  long value(TaskMetric metric) {
    CaptureStatistics now = statistics.get();
    return switch (metric) {
      case CAPTURING -> capturing.getAsBoolean() ? 1 : 0;
      case OFFERED -> now.offered();
      case DROPPED_BY_KERNEL -> now.droppedByKernel();
      case CAPTURED -> now.captured();
      case RING_FREEZES -> now.ringFreezes();
      case RING_FILL_PERCENT -> Math.round(PERCENT * ringFill.getAsDouble());
      case LOST_BEFORE -> lostBefore.sum();
      case POLLED -> polled.sum();
      case UNREADABLE -> unreadable.sum();
      case LEFT_AT_STOP -> leftAtStop.sum();
      case ACKNOWLEDGED -> acknowledged.sum();
      case SKIPPED -> skipped.sum();
      case UNCONFIRMED -> {
        long confirmed = acknowledged.sum() + skipped.sum();
        yield polled.sum() - confirmed;
      }
      default -> throw new AssertionError(metric);
    };
  }

  /** The three equations; whether they add up can be read off. */
  String summary() {
    return "offered %d = %d dropped by the kernel + %d captured; captured %d = %d polled + %d unreadable + %d left in the ring; polled %d = %d acknowledged + %d skipped + %d unconfirmed"
        .formatted(
            value(TaskMetric.OFFERED),
            value(TaskMetric.DROPPED_BY_KERNEL),
            value(TaskMetric.CAPTURED),
            value(TaskMetric.CAPTURED),
            value(TaskMetric.POLLED),
            value(TaskMetric.UNREADABLE),
            value(TaskMetric.LEFT_AT_STOP),
            value(TaskMetric.POLLED),
            value(TaskMetric.ACKNOWLEDGED),
            value(TaskMetric.SKIPPED),
            value(TaskMetric.UNCONFIRMED));
  }
}
