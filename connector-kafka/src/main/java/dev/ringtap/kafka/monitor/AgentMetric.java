package dev.ringtap.kafka.monitor;

import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.capture.InterfaceState;
import dev.ringtap.kafka.agent.AgentCounts.KafkaCounts;
import dev.ringtap.kafka.agent.CaptureCounts;
import dev.ringtap.kafka.agent.FlowLedger;
import dev.ringtap.kafka.agent.Latency;
import dev.ringtap.kafka.agent.MemberCounts;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The metrics of a capture. Each is described for Prometheus and for the page. */
enum AgentMetric {
  /** First of what adds up. */
  FRAMES_OFFERED(
      Type.COUNTER,
      "ringtap_frames_offered_total",
      "Frames that passed the filter, dropped ones included. At most a second old.",
      ofMember(MemberCounts::framesOffered)),
  FRAMES_DROPPED_BY_KERNEL(
      Type.COUNTER,
      "ringtap_frames_dropped_by_kernel_total",
      "Frames for which the ring had no room. At most a second old.",
      ofMember(MemberCounts::framesDropped)),
  FRAMES_CAPTURED(
      Type.COUNTER,
      "ringtap_frames_captured_total",
      "Frames taken from the ring.",
      ofMember(MemberCounts::framesCaptured)),
  CAPTURED_BYTES(
      Type.COUNTER,
      "ringtap_captured_bytes_total",
      "Bytes of the payloads of captured frames.",
      ofMember(MemberCounts::bytesCaptured)),
  FRAMES_LOST_BEFORE(
      Type.COUNTER,
      "ringtap_frames_lost_before_total",
      "Sum of lostBefore over captured frames: drops that the records report.",
      ofMember(MemberCounts::framesLostBefore)),
  RING_FREEZES(
      Type.COUNTER,
      "ringtap_ring_freezes_total",
      "How often the ring was full and the kernel stopped filling it.",
      ofMember(MemberCounts::ringFreezes)),
  RING_FILL(
      Type.GAUGE,
      "ringtap_ring_fill_ratio",
      "Share of the ring's blocks that are filled and not released. At 1 the kernel drops frames.",
      ofMember(MemberCounts::ringFill)),
  RETIRE_LATENCY(
      Type.HISTOGRAM,
      "ringtap_retire_latency_seconds",
      "From the kernel's timestamp of a block's first frame until the block is taken.",
      sample -> sample.members(MemberCounts::retireLatency)),
  INTERFACE_STATE(
      Type.GAUGE,
      "ringtap_interface_state",
      "1 for the state that the interface is in: up, down or missing; 0 for the others.",
      AgentMetric::states),
  FRAMES_DROPPED_BY_INTERFACE(
      Type.COUNTER,
      "ringtap_frames_dropped_by_interface_total",
      "Frames that the network card missed; they are in no other count. Absent if the system has"
          + " no counter.",
      sample ->
          sample
              .captures(CaptureCounts::framesDroppedByInterface)
              .filter(each -> each.number() != InterfaceDrops.UNKNOWN)),
  FRAMES_ACKNOWLEDGED(
      Type.COUNTER,
      "ringtap_frames_acknowledged_total",
      "Frames that Kafka acknowledged; without Kafka, frames in the -w file.",
      ofCapture(CaptureCounts::framesAcknowledged)),
  FRAMES_NOT_DELIVERED(
      Type.COUNTER,
      "ringtap_frames_not_delivered_total",
      "Captured frames that were given up, by reason. The usual reasons begin at 0; another"
          + " appears with its first frames.",
      sample -> sample.captures("reason", AgentMetric::notDelivered)),
  FRAMES_IN_FLIGHT(
      Type.GAUGE,
      "ringtap_frames_in_flight",
      "Captured frames that are neither acknowledged nor given up yet.",
      ofCapture(CaptureCounts::framesInFlight)),
  FRAMES_WRITTEN(
      Type.COUNTER,
      "ringtap_frames_written_total",
      "Frames in the -w file.",
      sample ->
          sample.writesFile() ? sample.captures(CaptureCounts::framesWritten) : Stream.empty()),
  RECORDS_ACKNOWLEDGED(
      Type.COUNTER,
      "ringtap_records_acknowledged_total",
      "Kafka records that hold the acknowledged frames.",
      ofCapture(CaptureCounts::recordsAcknowledged)),
  FLOW_RECORDS_ACKNOWLEDGED(
      Type.COUNTER,
      "ringtap_flow_records_acknowledged_total",
      "Flow records that Kafka acknowledged. Flow metrics exist with --flows only.",
      ofFlows(FlowLedger::records)),
  FLOW_FRAMES_ACKNOWLEDGED(
      Type.COUNTER,
      "ringtap_flow_frames_acknowledged_total",
      "Captured frames in acknowledged flow records.",
      ofFlows(FlowLedger::acknowledged)),
  FRAMES_WITHOUT_FLOW(
      Type.COUNTER,
      "ringtap_frames_without_flow_total",
      "Captured frames that belong to no flow: frames other than IP.",
      ofFlows(FlowLedger::withoutFlow)),
  FLOW_FRAMES_OPEN(
      Type.GAUGE,
      "ringtap_flow_frames_open",
      "Captured frames of open flows.",
      ofFlows(FlowLedger::open)),
  FLOW_FRAMES_NOT_DELIVERED(
      Type.COUNTER,
      "ringtap_flow_frames_not_delivered_total",
      "Captured frames whose flow record was given up, for any reason.",
      ofFlows(FlowLedger::notDelivered)),
  DELIVERY_LATENCY(
      Type.HISTOGRAM,
      "ringtap_delivery_latency_seconds",
      "From the kernel's timestamp of a record's first frame until Kafka acknowledges it, in"
          + " milliseconds. In a topic with message.timestamp.type=LogAppendTime it starts at"
          + " the broker's time.",
      ofCapture(CaptureCounts::deliveryLatency)),
  LAST_ACKNOWLEDGEMENT(
      Type.GAUGE,
      "ringtap_last_acknowledgement_timestamp_seconds",
      "When Kafka last acknowledged a record; 0 if it never did.",
      ofKafka(each -> each.lastAcknowledgedMillis() / 1e3)),
  BROKER_CONNECTIONS(
      Type.GAUGE,
      "ringtap_broker_connections",
      "Open connections of the producer. At 0 no broker is connected.",
      ofKafka(KafkaCounts::connections)),
  PRODUCER_BUFFER(
      Type.GAUGE,
      "ringtap_producer_buffer_bytes",
      "Size of the producer's buffer: buffer.memory.",
      ofKafka(KafkaCounts::bufferBytes)),
  PRODUCER_BUFFER_USED(
      Type.GAUGE,
      "ringtap_producer_buffer_used_bytes",
      "Used part of that buffer. When it is full, frames wait in the ring.",
      ofKafka(KafkaCounts::bufferUsedBytes)),
  PRODUCER_BATCH(
      Type.GAUGE,
      "ringtap_producer_batch_bytes",
      "Mean size of a batch over the last half minute. Absent if none was sent.",
      ofKafka(KafkaCounts::batchBytes)),
  PRODUCER_COMPRESSION(
      Type.GAUGE,
      "ringtap_producer_compression_ratio",
      "Compressed by uncompressed bytes of the same batches.",
      ofKafka(KafkaCounts::compressionRatio)),
  CAPTURE_START(
      Type.GAUGE,
      "ringtap_capture_start_timestamp_seconds",
      "When the capture was opened: captureStart of its records.",
      sample -> sample.members(each -> each.capture().startMicros() / 1e6)),
  CAPTURE_INFO(
      Type.INFO,
      "ringtap_capture_info",
      "The filter, the topic and the schema ID, if set.",
      Sample::facts),
  BUILD_INFO(
      Type.INFO,
      "ringtap_build_info",
      "The version of Ringtap, and of Java.",
      sample -> Stream.of(new Point(Sample.BUILD, 1)));

  private static final List<String> USUAL_REASONS =
      List.of("CorruptBlock", "DrainTimeout", "NotRead");

  /** Prometheus' types that are in use. */
  enum Type {
    COUNTER,
    GAUGE,
    HISTOGRAM,
    INFO
  }

  /**
   * One time series at one time.
   *
   * @param value a number or a {@link Latency}
   */
  record Point(Labels labels, Object value) {
    double number() {
      return ((Number) value).doubleValue();
    }
  }

  private final Type type;
  private final String metricName;
  private final String help;
  private final Function<Sample, Stream<Point>> points;

  AgentMetric(Type type, String metricName, String help, Function<Sample, Stream<Point>> points) {
    this.type = type;
    this.metricName = metricName;
    this.help = help;
    this.points = points;
  }

  private static Function<Sample, Stream<Point>> ofMember(Function<MemberCounts, Object> value) {
    return sample -> sample.members(value);
  }

  private static Function<Sample, Stream<Point>> ofCapture(Function<CaptureCounts, Object> value) {
    return sample -> sample.captures(value);
  }

  private static Function<Sample, Stream<Point>> ofFlows(Function<FlowLedger, Object> value) {
    return sample -> sample.flows(value);
  }

  private static Function<Sample, Stream<Point>> ofKafka(Function<KafkaCounts, Object> value) {
    return sample -> sample.kafka(value);
  }

  /** A series that begins with its first loss would hide that from {@code increase()}. */
  private static Map<String, Long> notDelivered(CaptureCounts capture) {
    Map<String, Long> reasons = new TreeMap<>();
    USUAL_REASONS.forEach(each -> reasons.put(each, 0L));
    reasons.putAll(capture.framesNotDelivered());
    return reasons;
  }

  private static Stream<Point> states(Sample sample) {
    return Arrays.stream(InterfaceState.values())
        .flatMap(
            state ->
                sample.members(
                    each -> each.interfaceState() == state ? 1 : 0,
                    "state",
                    state.name().toLowerCase(Locale.ROOT)));
  }

  Type type() {
    return type;
  }

  /** Its name, as Prometheus has it. */
  String metricName() {
    return metricName;
  }

  /** Its exact meaning. */
  String help() {
    return help;
  }

  /** Its time series at one time; null if it has none. */
  @Nullable MetricSnapshot snapshot(Sample sample) {
    List<Point> all = points.apply(sample).toList();
    return all.isEmpty() ? null : snapshot(all);
  }

  private MetricSnapshot snapshot(List<Point> all) {
    return switch (type) {
      case COUNTER -> {
        CounterSnapshot.Builder counter = CounterSnapshot.builder();
        all.forEach(
            each ->
                counter.dataPoint(
                    new CounterDataPointSnapshot(each.number(), each.labels(), null, 0)));
        yield counter.name(metricName).help(help).build();
      }
      case HISTOGRAM -> {
        HistogramSnapshot.Builder histogram = HistogramSnapshot.builder();
        all.forEach(each -> histogram.dataPoint(histogram((Latency) each.value(), each.labels())));
        yield histogram.name(metricName).help(help).build();
      }
      case INFO -> {
        InfoSnapshot.Builder info = InfoSnapshot.builder();
        all.forEach(each -> info.dataPoint(new InfoDataPointSnapshot(each.labels())));
        yield info.name(metricName).help(help).build();
      }
      default -> {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder();
        all.forEach(
            each ->
                gauge.dataPoint(new GaugeDataPointSnapshot(each.number(), each.labels(), null)));
        yield gauge.name(metricName).help(help).build();
      }
    };
  }

  private static HistogramDataPointSnapshot histogram(Latency latency, Labels labels) {
    List<Double> bounds = new ArrayList<>(Latency.BOUNDS_SECONDS);
    bounds.add(Double.POSITIVE_INFINITY);
    return HistogramDataPointSnapshot.builder()
        .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, latency.counts()))
        .sum(latency.sumNanos() / 1e9)
        .labels(labels)
        .build();
  }
}
