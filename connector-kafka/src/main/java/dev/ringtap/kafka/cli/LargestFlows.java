package dev.ringtap.kafka.cli;

import dev.ringtap.record.Flow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The largest of some flows. Not thread-safe. */
final class LargestFlows {
  /** What flows are sorted by, both directions together. */
  enum Order {
    BYTES {
      @Override
      long of(Flow flow) {
        return flow.getLayer2OctetDeltaCount() + flow.getReverseLayer2OctetDeltaCount();
      }
    },
    PACKETS {
      @Override
      long of(Flow flow) {
        return flow.getPacketDeltaCount() + flow.getReversePacketDeltaCount();
      }
    },
    DURATION {
      @Override
      long of(Flow flow) {
        return FlowText.durationNanos(flow);
      }
    };

    abstract long of(Flow flow);
  }

  private final Comparator<Flow> smallestFirst;
  private final int most;
  private final PriorityQueue<Flow> flows;

  LargestFlows(Order order, int most) {
    this(Comparator.comparingLong(order::of), most, List.of());
  }

  private LargestFlows(Comparator<Flow> smallestFirst, int most, Iterable<Flow> flows) {
    this.smallestFirst = smallestFirst;
    this.most = most;
    this.flows = new PriorityQueue<>(smallestFirst);
    flows.forEach(this.flows::add);
  }

  /** To go on from here without a change of this. */
  LargestFlows copy() {
    return new LargestFlows(smallestFirst, most, flows);
  }

  void add(Flow flow) {
    flows.add(flow);
    if (flows.size() > most) {
      flows.remove();
    }
  }

  /** The largest first. */
  List<Flow> sorted() {
    List<Flow> sorted = new ArrayList<>(flows);
    sorted.sort(smallestFirst.reversed());
    return sorted;
  }
}
