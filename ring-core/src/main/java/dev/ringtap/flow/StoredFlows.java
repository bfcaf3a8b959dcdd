package dev.ringtap.flow;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.packet.CommunityId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Counts frames in flows that are kept elsewhere, such as in the state of a stream processor, and
 * by the rules of {@link FlowTable}: the same frames of a capture, in the same order, give the same
 * flows. Their number has no limit.
 *
 * <p>A flow is kept as bytes that begin with a version. Not thread-safe.
 */
public final class StoredFlows {
  private static final byte VERSION = 1;
  private static final int DATAGRAM_BYTES = 2 * Long.BYTES;

  /** Where flows are kept. Exceptions are passed on to who calls. */
  public interface Store {
    /** The bytes of a name, or null. */
    byte @Nullable [] get(String name) throws Exception;

    /** Keeps bytes; the caller does not change them afterwards. */
    void put(String name, byte[] bytes) throws Exception;

    /** Removes a name. */
    void remove(String name) throws Exception;

    /** All of them, while none is put or removed. */
    Iterable<Map.Entry<String, byte[]>> entries() throws Exception;
  }

  /**
   * The flows of some frames: all that have the same {@link FlowFrame#addressKey}, or more.
   *
   * @param flows by the flow's name
   * @param datagrams by the name of a datagram whose first fragment was seen
   */
  public record Stores(Store flows, Store datagrams) {}

  /** What is known of a capture. */
  public interface Capture {
    /** Frames that the kernel dropped before a frame, all of the capture. */
    long lostBefore(long sequence);

    /** Those that it dropped before the first frame at a time or later, in nanoseconds. */
    long lostUntil(long nanos);

    /** Time of the last frame, in nanoseconds since 1970 UTC. */
    long lastNanos();
  }

  private final FlowTimes times;
  private final Function<CaptureId, ? extends Capture> captures;
  private final Consumer<? super Biflow> exporter;

  /** The flow that is being looked at. */
  private final long[] words = new long[Biflow.WORDS];

  private final Biflow view = new Biflow().show(words, 0);
  private final byte[] communityId = new byte[CommunityId.DIGEST_BYTES];

  /**
   * @param limits time-outs; the capacity does not count
   * @param captures gives what is known of a capture
   * @param exporter takes each flow that ends; it reads what it needs before it returns
   */
  public StoredFlows(
      FlowLimits limits,
      Function<CaptureId, ? extends Capture> captures,
      Consumer<? super Biflow> exporter) {
    this.times = FlowTimes.of(limits);
    this.captures = captures;
    this.exporter = exporter;
  }

  /**
   * Counts a frame that {@link FlowFrame#isIp}.
   *
   * @param sequence of the frame in its capture
   * @return when the flow times out if no frame of it comes, in nanoseconds since 1970 UTC
   */
  public long count(FlowFrame frame, long sequence, Stores stores) throws Exception {
    if (frame.isFragment()) {
      useDatagram(frame, stores.datagrams());
    }
    String name = frame.flowName();
    byte[] stored = stores.flows().get(name);
    Capture capture = captures.apply(frame.capture);
    long lost = capture.lostBefore(sequence);
    int direction = -1;
    if (stored != null) {
      load(stored);
      direction = Biflow.direction(words, 0, frame, frame.kind);
      FlowEndReason reason = times.endBefore(words, 0, frame, direction);
      if (reason != null) {
        long lostOpen = Math.min(lost, capture.lostUntil(dueNanos()));
        exporter.accept(view.ended(reason, frame.capture, lostOpen));
        if (reason == FlowEndReason.ACTIVE_TIMEOUT) {
          Biflow.restart(words, 0, frame.timestampNanos, lost);
        } else {
          direction = -1;
        }
      }
    }
    if (direction < 0) {
      direction = Biflow.open(words, 0, frame, frame.kind, lost, communityId);
    }
    Biflow.add(words, 0, frame, direction, lost);
    stores.flows().put(name, bytes(frame.capture));
    return dueNanos();
  }

  private long dueNanos() {
    return times.dueTick(words, 0) * times.tick();
  }

  /** As {@link FlowTable} does it. */
  private void useDatagram(FlowFrame frame, Store datagrams) throws Exception {
    String name = frame.datagramName();
    if (!frame.isLaterFragment()) {
      ByteBuffer first = ByteBuffer.allocate(DATAGRAM_BYTES);
      first.putLong(frame.timestampNanos).putInt(frame.selectors).putInt(frame.kind);
      datagrams.put(name, first.array());
      return;
    }
    byte[] stored = datagrams.get(name);
    if (stored != null) {
      ByteBuffer first = ByteBuffer.wrap(stored);
      if (frame.timestampNanos - first.getLong() < times.idle()) {
        frame.completeFragment(first.getInt(), first.getInt());
      }
    }
  }

  /**
   * Ends the flows that time out until a time. A flow waits for the first frame of its capture
   * after its end, which tells what was lost until then; of a capture that pauses it waits no
   * longer than the idle time-out.
   *
   * @param nanos nanoseconds since 1970 UTC: all frames until then were counted
   * @return when the next one times out, which may have passed, or {@link Long#MAX_VALUE} if none
   *     is left
   */
  public long advance(long nanos, Stores stores) throws Exception {
    return end(nanos, stores);
  }

  /** Ends all flows: their captures are over. */
  public void endAll(Stores stores) throws Exception {
    end(Long.MAX_VALUE, stores);
  }

  private long end(long nanos, Stores stores) throws Exception {
    long next = Long.MAX_VALUE;
    List<String> ended = new ArrayList<>();
    for (Map.Entry<String, byte[]> each : stores.flows().entries()) {
      CaptureId of = load(each.getValue());
      long due = dueNanos();
      // the capture is looked up for flows that may end alone
      Capture capture = due > nanos ? null : captures.apply(of);
      if (capture == null || due > Math.max(capture.lastNanos(), nanos - times.idle())) {
        next = Math.min(next, due);
        continue;
      }
      boolean isForced = nanos == Long.MAX_VALUE && due > capture.lastNanos();
      FlowEndReason reason = isForced ? FlowEndReason.FORCED_END : FlowEndReason.IDLE_TIMEOUT;
      exporter.accept(
          view.ended(FlowTimes.endReason(words, 0, reason), of, capture.lostUntil(due)));
      ended.add(each.getKey());
    }
    for (String name : ended) {
      stores.flows().remove(name);
    }
    return Math.min(next, forgetDatagrams(nanos, stores.datagrams()));
  }

  private long forgetDatagrams(long nanos, Store datagrams) throws Exception {
    long next = Long.MAX_VALUE;
    List<String> ended = new ArrayList<>();
    for (Map.Entry<String, byte[]> each : datagrams.entries()) {
      long due = ByteBuffer.wrap(each.getValue()).getLong() + times.idle();
      if (due > nanos) {
        next = Math.min(next, due);
      } else {
        ended.add(each.getKey());
      }
    }
    for (String name : ended) {
      datagrams.remove(name);
    }
    return next;
  }

  // ---- bytes: version, capture, which words are not 0, these

  private byte[] bytes(CaptureId of) {
    byte[] host = of.host().getBytes(StandardCharsets.UTF_8);
    byte[] on = of.interfaceName().getBytes(StandardCharsets.UTF_8);
    long present = 0;
    for (int i = 0; i < Biflow.WORDS; i++) {
      present |= words[i] == 0 ? 0 : 1L << i;
    }
    ByteBuffer to =
        ByteBuffer.allocate(
            1
                + 3 * Integer.BYTES
                + host.length
                + on.length
                + (2 + Long.bitCount(present)) * Long.BYTES);
    to.put(VERSION).putInt(host.length).put(host).putInt(on.length).put(on);
    to.putLong(of.startMicros()).putInt(of.member()).putLong(present);
    for (long word : words) {
      if (word != 0) {
        to.putLong(word);
      }
    }
    return to.array();
  }

  /**
   * Reads a flow into {@link #words}, and returns its capture.
   *
   * @throws IllegalStateException if a later version wrote it
   */
  private CaptureId load(byte[] stored) {
    ByteBuffer from = ByteBuffer.wrap(stored);
    byte version = from.get();
    if (version != VERSION) {
      throw new IllegalStateException(
          "cannot read the state of a flow: it has version %d, this Ringtap reads %d"
              .formatted(version, VERSION));
    }
    String host = text(from);
    String on = text(from);
    CaptureId of = new CaptureId(host, on, from.getLong(), from.getInt());
    long present = from.getLong();
    for (int i = 0; i < Biflow.WORDS; i++) {
      words[i] = (present >>> i & 1) == 0 ? 0 : from.getLong();
    }
    return of;
  }

  private static String text(ByteBuffer from) {
    byte[] bytes = new byte[from.getInt()];
    from.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
