package dev.ringtap.kafka.cli;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.capture.Frame;
import dev.ringtap.flow.Biflow;
import dev.ringtap.flow.FlowLimits;
import dev.ringtap.flow.FlowTable;
import dev.ringtap.record.Packet;
import dev.ringtap.record.PacketFields;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The flows of any frames. Each host has a table, as it has a clock. Not thread-safe. */
final class HostFlows {
  private final FlowLimits limits;
  private final Consumer<Biflow> exporter;
  private final Map<String, FlowTable> tables = new HashMap<>();
  private String host = "";
  private @Nullable FlowTable table;
  private long frames;
  private long bytes;
  private long lost;

  /** The last frame's time, and when it was taken. */
  private long frameNanos;

  private long takenNanos;

  /**
   * @param exporter takes each flow that ends
   */
  HostFlows(FlowLimits limits, Consumer<Biflow> exporter) {
    this.limits = limits;
    this.exporter = exporter;
  }

  void collect(Frame frame) {
    table(frame.capture(), frame.originalLength(), frame.lostBefore()).collect(frame);
    frameNanos = frame.timestampNanos();
  }

  void collect(Packet packet) {
    CaptureId capture = PacketFields.capture(packet);
    table(capture, packet.getOriginalLength(), packet.getLostBefore())
        .collect(
            capture,
            PacketFields.timestampNanos(packet),
            packet.getOriginalLength(),
            packet.getLostBefore(),
            MemorySegment.ofBuffer(packet.getPayload()),
            packet.getLinkType(),
            PacketFields.vlanTag(packet));
  }

  /** Counts a frame; the table that it belongs to. */
  private FlowTable table(CaptureId capture, int originalLength, long lostBefore) {
    frames++;
    bytes += originalLength;
    lost += lostBefore;
    if (table == null || !capture.host().equals(host)) {
      host = capture.host();
      table = tables.computeIfAbsent(host, each -> new FlowTable(limits, exporter));
    }
    return table;
  }

  /** Counts what was collected, before its bytes go. */
  void settle() {
    tables.values().forEach(FlowTable::settle);
    takenNanos = System.nanoTime();
  }

  /** Ends the flows that have timed out, of a capture that has no frame now. */
  void idle() {
    if (table != null && frameNanos != 0) {
      table.advance(frameNanos + System.nanoTime() - takenNanos);
    }
  }

  void endAll() {
    tables.values().forEach(FlowTable::endAll);
  }

  void forEachOpen(Consumer<Biflow> viewer) {
    tables.values().forEach(each -> each.forEachOpen(viewer));
  }

  private long sum(ToLongFunction<FlowTable> count) {
    return tables.values().stream().mapToLong(count).sum();
  }

  long frames() {
    return frames;
  }

  long bytes() {
    return bytes;
  }

  long lost() {
    return lost;
  }

  long open() {
    return sum(FlowTable::size);
  }

  /** The account of all frames. */
  String summary() {
    return "%d frames = %d in %d flows + %d of no flow; %d dropped by the kernel"
        .formatted(
            frames,
            sum(FlowTable::exportedFrames),
            sum(FlowTable::exportedFlows),
            sum(FlowTable::framesWithoutFlow),
            lost);
  }
}
