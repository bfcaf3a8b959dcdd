package dev.ringtap.flow;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.packet.CommunityId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The open flows of one capture. Each frame is counted in one of them, or as a frame of no flow;
 * each flow is handed over when it ends, so that at any time
 *
 * <p>frames accepted = Σ packets of exported flows + packets of open flows + frames of no flow.
 *
 * <pre>{@code
 * FlowTable flows = new FlowTable(FlowLimits.DEFAULT, flow -> out.write(encoder.encode(flow)));
 * while ((frame = block.next()) != null) {
 *   flows.collect(frame);
 * }
 * flows.settle();
 * flows.endAll();
 * }</pre>
 *
 * <p>What is one flow: frames with the same addresses, protocol, two outermost VLAN IDs and
 * interface, of both directions, with the same ports (TCP, UDP, SCTP) or the same ICMP type or the
 * type that answers it, otherwise the same type and code. Later fragments of an IP datagram count
 * in the flow of its first one; without that, and of datagrams cut off before the ports, the flow
 * has no ports. Only the outermost IP header counts. Frames of other protocols than IP are no flow.
 *
 * <p>Time is that of the frames. Time-outs of a flow are seen at its next frame exactly, and
 * without one within 1/128 of the idle time-out. When the table is full, a flow ends that has had
 * no frame since the table last looked at it, the longest ago first. A clock that is set back by
 * more than the idle time-out ends all flows. Memory is bounded by the capacity: {@value
 * Biflow#WORDS} longs and four more a flow, allocated at the start; nothing is allocated for a
 * frame. The table's hash has a secret, so that senders cannot choose flows that collide.
 *
 * <p>Not thread-safe.
 */
public final class FlowTable {
  private static final int NONE = -1;

  /** Frames whose flows are brought into the cache at once. */
  private static final int GROUP = 16;

  private static final int LINE_WORDS = 8;
  private static final int DATAGRAMS = 4096;

  /** A file may name any number of interfaces. */
  private static final int MAX_CAPTURES = 1024;

  private final int capacity;
  private final FlowTimes times;
  private final Consumer<? super Biflow> exporter;

  private final FlowFrame[] group = new FlowFrame[GROUP];
  private int grouped;
  private final int[] groupSlots = new int[GROUP];

  /** Keeps the compiler from leaving out loads whose value is of no use. */
  @SuppressWarnings("UnusedVariable")
  private long prefetched;

  /** The one of the group that is being counted. */
  private FlowFrame frame;

  private final Biflow view = new Biflow();
  private final byte[] communityId = new byte[CommunityId.DIGEST_BYTES];
  private final long secret = new Random().nextLong() | 1;

  private final long[] words;

  /** Hash in the upper, slot + 1 in the lower half; 0 is free. Linear probing. */
  private final long[] index;

  /** Of a slot that is free, the next one. */
  private final int[] hashes;

  private final FlowWheel wheel;
  private int free = NONE;
  private int size;

  /** Slots below were in use at some time. */
  private int used;

  // datagrams whose first fragment was seen
  private final long[] datagrams = new long[DATAGRAMS];
  private final long[] datagramSelectors = new long[DATAGRAMS];
  private final long[] datagramNanos = new long[DATAGRAMS];

  private final List<CaptureId> captures = new ArrayList<>();
  private @Nullable CaptureId lastCapture;
  private int captureNumber = NONE;

  /** Of a capture of several interfaces that of the first one, by the capture's number. */
  private final int[] lossNumbers = new int[MAX_CAPTURES];

  /** Frames that the kernel dropped, by such a number. */
  private final long[] lost = new long[MAX_CAPTURES];

  private int lossNumber;

  private long openFrames;
  private long exportedFrames;
  private long exportedFlows;
  private long framesWithoutFlow;

  /**
   * @param exporter takes each flow that ends; it reads what it needs before it returns
   */
  public FlowTable(FlowLimits limits, Consumer<? super Biflow> exporter) {
    this.exporter = exporter;
    capacity = limits.capacity();
    times = FlowTimes.of(limits);
    words = new long[Math.multiplyExact(capacity, Biflow.WORDS)];
    index = new long[Integer.highestOneBit(capacity) << 2];
    hashes = new int[capacity];
    wheel = new FlowWheel(times, words, capacity, this::endDue);
    Arrays.setAll(group, i -> new FlowFrame());
    frame = group[0];
  }

  /** Counts a frame. */
  public void accept(Frame captured) {
    collect(captured);
    settle();
  }

  /**
   * Takes a frame that is counted no later than by the next {@link #settle}. With many open flows
   * this takes less time than {@link #accept}.
   */
  public void collect(Frame captured) {
    collect(group[grouped].read(captured));
  }

  /**
   * Takes a frame whose bytes are elsewhere, as {@link #collect(Frame)} does; they do not change
   * until it is counted. Parameters are those of {@link FlowFrame#read(CaptureId, long, int,
   * MemorySegment, int, int)}.
   *
   * @param lostBefore frames that the kernel dropped before it, since the capture's last one
   */
  public void collect(
      CaptureId of,
      long timestampNanos,
      int originalLength,
      long lostBefore,
      MemorySegment memory,
      int linkType,
      int vlanTag) {
    FlowFrame read =
        group[grouped].read(of, timestampNanos, originalLength, memory, linkType, vlanTag);
    read.lostBefore = lostBefore;
    collect(read);
  }

  private void collect(FlowFrame read) {
    read.hash = read.isIp() ? hash(read) : 0;
    grouped++;
    if (grouped == GROUP) {
      settle();
    }
  }

  /** Counts the frames that were collected, before their block is released. */
  public void settle() {
    int frames = grouped;
    grouped = 0;
    if (frames > 1) {
      prefetch(frames);
    }
    for (int i = 0; i < frames; i++) {
      frame = group[i];
      use(frame.capture);
      lost[lossNumber] += frame.lostBefore;
      if (frame.isIp()) {
        count();
      } else {
        framesWithoutFlow++;
        advance(frame.timestampNanos);
      }
    }
  }

  /**
   * Reads a word of each cache line that is needed of the group's flows. The loads do not depend on
   * one another, so that the processor waits for many of them at once.
   */
  private void prefetch(int frames) {
    int mask = index.length - 1;
    for (int i = 0; i < frames; i++) {
      groupSlots[i] = (int) index[group[i].hash & mask];
    }
    long sum = 0;
    for (int i = 0; i < frames; i++) {
      int slot = groupSlots[i] - 1;
      if (slot >= 0) {
        int at = slot * Biflow.WORDS;
        int end = group[i].isTcp() ? Biflow.WORDS : Biflow.TCP;
        for (int word = 0; word < end; word += LINE_WORDS) {
          sum += words[at + word];
        }
      }
    }
    prefetched = sum;
  }

  private void count() {
    advance(frame.timestampNanos);
    int hash = frame.hash;
    if (frame.isFragment()) {
      useDatagram();
      hash = hash(frame);
    }
    long captureAndKind = (long) captureNumber << 32 | frame.kind;
    int mask = index.length - 1;
    int bucket = hash & mask;
    long entry;
    while ((entry = index[bucket]) != 0) {
      if ((int) (entry >>> 32) == hash) {
        int slot = (int) entry - 1;
        int at = slot * Biflow.WORDS;
        int direction = Biflow.direction(words, at, frame, captureAndKind);
        if (direction >= 0) {
          count(at, direction, captureAndKind);
          return;
        }
      }
      bucket = bucket + 1 & mask;
    }
    open(hash, captureAndKind);
  }

  /** Counts the frame in a flow, whose last part may end by it. */
  private void count(int at, int direction, long captureAndKind) {
    int counted = direction;
    FlowEndReason reason = times.endBefore(words, at, frame, direction);
    if (reason != null) {
      export(at, reason);
      if (reason == FlowEndReason.ACTIVE_TIMEOUT) {
        Biflow.restart(words, at, frame.timestampNanos, lost[lossNumber]);
      } else {
        counted = Biflow.open(words, at, frame, captureAndKind, lost[lossNumber], communityId);
      }
    }
    Biflow.add(words, at, frame, counted, lost[lossNumber]);
    openFrames++;
  }

  private void open(int hash, long captureAndKind) {
    if (size == capacity) {
      end(wheel.evict(), FlowEndReason.LACK_OF_RESOURCES);
    }
    int slot;
    if (free == NONE) {
      slot = used++;
    } else {
      slot = free;
      free = hashes[slot];
    }
    size++;
    hashes[slot] = hash;
    int mask = index.length - 1;
    int bucket = hash & mask;
    while (index[bucket] != 0) {
      bucket = bucket + 1 & mask;
    }
    index[bucket] = (long) hash << 32 | slot + 1;
    int at = slot * Biflow.WORDS;
    int direction = Biflow.open(words, at, frame, captureAndKind, lost[lossNumber], communityId);
    Biflow.add(words, at, frame, direction, lost[lossNumber]);
    openFrames++;
    wheel.schedule(slot);
  }

  /** The same for both directions. */
  private int hash(FlowFrame frame) {
    long source = endpoint(frame.srcUpper, frame.srcLower, frame.selectors >>> 16);
    long destination = endpoint(frame.dstUpper, frame.dstLower, frame.selectors & 0xFFFF);
    long both = source + destination + frame.kind + ((long) frame.vlans << 32);
    return (int) (mix(both) >>> 32);
  }

  private long endpoint(long upper, long lower, int selector) {
    return mix(mix(upper ^ secret) + lower + ((long) selector << 40) ^ secret);
  }

  /** As in {@link dev.ringtap.packet.FlowKey}. */
  static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  private void use(CaptureId capture) {
    if (capture == lastCapture) {
      return;
    }
    lastCapture = capture;
    if (captureNumber == NONE || !captures.get(captureNumber).equals(capture)) {
      find(capture);
    }
  }

  private void find(CaptureId capture) {
    captureNumber = captures.indexOf(capture);
    if (captureNumber == NONE) {
      if (captures.size() == MAX_CAPTURES) {
        endAll();
        captures.clear();
        Arrays.fill(lost, 0);
      }
      captureNumber = captures.size();
      captures.add(capture);
      int first = 0;
      while (!captures.get(first).isSameCapture(capture)) {
        first++;
      }
      lossNumbers[captureNumber] = first;
    }
    lossNumber = lossNumbers[captureNumber];
  }

  /** Gives a later fragment the ports of the first one, and remembers those of a first one. */
  private void useDatagram() {
    long id = frame.fragmentIdentification() << 32 | (long) captureNumber << 8 | 1;
    long key =
        mix(mix(mix(frame.srcUpper ^ secret) + frame.srcLower) + frame.dstUpper)
            + mix(mix(frame.dstLower ^ secret) + id + ((long) frame.vlans << 8));
    int at = (int) (key >>> 40) & DATAGRAMS - 1;
    if (!frame.isLaterFragment()) {
      datagrams[at] = key;
      datagramSelectors[at] = (long) frame.selectors << 32 | frame.kind;
      datagramNanos[at] = frame.timestampNanos;
    } else if (datagrams[at] == key && frame.timestampNanos - datagramNanos[at] < times.idle()) {
      frame.completeFragment((int) (datagramSelectors[at] >>> 32), (int) datagramSelectors[at]);
    }
  }

  // ---- time

  /**
   * Ends the flows that have timed out by now: for a capture that has no frames for a while.
   *
   * @param nanos nanoseconds since 1970 UTC
   */
  public void advance(long nanos) {
    if (wheel.isSetBack(nanos)) {
      endAll();
      wheel.setClock(nanos);
    } else {
      wheel.advance(nanos);
    }
  }

  private void endDue(int slot) {
    end(slot, FlowTimes.endReason(words, slot * Biflow.WORDS, FlowEndReason.IDLE_TIMEOUT));
  }

  /** Ends all flows: the capture is over. */
  public void endAll() {
    wheel.clear(
        slot ->
            end(slot, FlowTimes.endReason(words, slot * Biflow.WORDS, FlowEndReason.FORCED_END)));
    Arrays.fill(datagrams, 0);
  }

  private void end(int slot, FlowEndReason reason) {
    remove(slot);
    export(slot * Biflow.WORDS, reason);
    hashes[slot] = free;
    free = slot;
    size--;
  }

  private void export(int at, FlowEndReason reason) {
    long frames = Biflow.frames(words, at);
    if (frames == 0) {
      return;
    }
    openFrames -= frames;
    exportedFrames += frames;
    exportedFlows++;
    show(exporter, at, reason);
  }

  private void show(Consumer<? super Biflow> to, int at, FlowEndReason reason) {
    int capture = (int) (words[at + Biflow.CAPTURE_AND_KIND] >>> 32);
    to.accept(
        view.show(words, at).ended(reason, captures.get(capture), lost[lossNumbers[capture]]));
  }

  /** Takes a slot out of the index; entries after it move up, so that no search ends early. */
  private void remove(int slot) {
    int mask = index.length - 1;
    int hole = hashes[slot] & mask;
    while ((int) index[hole] != slot + 1) {
      hole = hole + 1 & mask;
    }
    int bucket = hole;
    while (true) {
      bucket = bucket + 1 & mask;
      long entry = index[bucket];
      if (entry == 0) {
        break;
      }
      int home = (int) (entry >>> 32) & mask;
      if ((bucket - home & mask) >= (bucket - hole & mask)) {
        index[hole] = entry;
        hole = bucket;
      }
    }
    index[hole] = 0;
  }

  /**
   * Shows the open flows, as if they ended now: for those who look at a capture while it goes on.
   *
   * @param viewer takes each of them; it reads what it needs before it returns
   */
  public void forEachOpen(Consumer<? super Biflow> viewer) {
    for (long entry : index) {
      int at = ((int) entry - 1) * Biflow.WORDS;
      if (entry != 0 && Biflow.frames(words, at) > 0) {
        show(viewer, at, FlowEndReason.FORCED_END);
      }
    }
  }

  // ---- counts

  /** Flows that are open. */
  public int size() {
    return size;
  }

  /** Frames of open flows. */
  public long openFrames() {
    return openFrames;
  }

  /** Frames of flows that were exported: the sum of their packets. */
  public long exportedFrames() {
    return exportedFrames;
  }

  /** Flows that were exported. */
  public long exportedFlows() {
    return exportedFlows;
  }

  /** Frames that belong to no flow. */
  public long framesWithoutFlow() {
    return framesWithoutFlow;
  }
}
