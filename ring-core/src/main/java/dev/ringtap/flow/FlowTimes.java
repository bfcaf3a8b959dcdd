package dev.ringtap.flow;

import org.jspecify.annotations.Nullable;

/**
 * The time-outs of flows, in nanoseconds, and when they end one.
 *
 * @param idle without a frame
 * @param ended the same, of a TCP connection whose end was seen
 * @param active of a part of a flow
 * @param tick unit in which time-outs are seen without a frame of the flow
 */
record FlowTimes(long idle, long ended, long active, long tick) {
  private static final int ENDED_PART = 8;
  private static final int TICKS_OF_IDLE = 128;

  static FlowTimes of(FlowLimits limits) {
    long idle = limits.idle().toNanos();
    return new FlowTimes(idle, idle / ENDED_PART, limits.active().toNanos(), idle / TICKS_OF_IDLE);
  }

  long timeout(long[] words, int at) {
    return Biflow.isEnded(words, at) ? ended : idle;
  }

  /** Tick in which a flow ends if no frame of it comes. */
  long dueTick(long[] words, int at) {
    return Math.floorDiv(words[at + Biflow.END] + timeout(words, at), tick) + 1;
  }

  /** Why a flow, or its part, ends before a frame of it; null if it goes on. */
  @Nullable FlowEndReason endBefore(long[] words, int at, FlowFrame frame, int direction) {
    long nanos = frame.timestampNanos;
    if (nanos - words[at + Biflow.END] >= timeout(words, at)) {
      return endReason(words, at, FlowEndReason.IDLE_TIMEOUT);
    }
    if (frame.isTcp() && TcpAnalysis.isReuse(words, at + Biflow.TCP, frame, direction)) {
      return FlowEndReason.END_OF_FLOW;
    }
    return nanos - words[at + Biflow.START] >= active ? FlowEndReason.ACTIVE_TIMEOUT : null;
  }

  /** Why a flow without frames ends: its end was seen, or what the caller says. */
  static FlowEndReason endReason(long[] words, int at, FlowEndReason otherwise) {
    return Biflow.isEnded(words, at) ? FlowEndReason.END_OF_FLOW : otherwise;
  }
}
