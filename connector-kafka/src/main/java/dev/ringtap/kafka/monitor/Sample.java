package dev.ringtap.kafka.monitor;

import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.AgentCounts.KafkaCounts;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.CaptureCounts;
import dev.ringtap.kafka.agent.FlowLedger;
import dev.ringtap.kafka.agent.MemberCounts;
import dev.ringtap.kafka.monitor.AgentMetric.Point;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What all metrics of one scrape are read from.
 *
 * @param subject the agent
 * @param counts what it has counted
 */
record Sample(Subject subject, AgentCounts counts) {
  /** Labels that tell builds apart. */
  static final Labels BUILD =
      Labels.of("version", CaptureAgent.version(), "java", Runtime.version().toString());

  private static Labels labels(CaptureCounts capture) {
    return Labels.of("host", capture.host(), "interface", capture.interfaceName());
  }

  /** Labels that say what is captured, and where it goes. */
  Stream<Point> facts() {
    OptionalInt schemaId = subject.schemaId().get();
    Labels facts =
        Labels.of(
            "filter",
            subject.filter().get(),
            "topic",
            Objects.requireNonNullElse(subject.topic(), ""),
            "schema_id",
            schemaId.isPresent() ? Integer.toString(schemaId.getAsInt()) : "");
    return counts.captures().stream().map(each -> new Point(labels(each).merge(facts), 1));
  }

  boolean writesFile() {
    return subject.writesFile();
  }

  /** A point for each capture. */
  Stream<Point> captures(Function<CaptureCounts, Object> value) {
    return counts.captures().stream().map(each -> new Point(labels(each), value.apply(each)));
  }

  /** A point for each capture, if flow records are sent. */
  Stream<Point> flows(Function<FlowLedger, Object> value) {
    return counts.captures().stream()
        .flatMap(
            capture ->
                Stream.ofNullable(capture.flows())
                    .map(each -> new Point(labels(capture), value.apply(each))));
  }

  /** The points of each capture: values by the label that tells them apart. */
  Stream<Point> captures(String label, Function<CaptureCounts, Map<String, Long>> values) {
    return counts.captures().stream()
        .flatMap(
            capture ->
                values.apply(capture).entrySet().stream()
                    .map(
                        each ->
                            new Point(labels(capture).add(label, each.getKey()), each.getValue())));
  }

  /** A point for each member. */
  Stream<Point> members(Function<MemberCounts, Object> value, String... moreLabels) {
    return counts.captures().stream()
        .flatMap(
            capture ->
                capture.members().stream()
                    .map(
                        each -> {
                          String member = Integer.toString(each.capture().member());
                          Labels labels = labels(capture).add("member", member);
                          return new Point(
                              moreLabels.length == 0 ? labels : labels.merge(Labels.of(moreLabels)),
                              value.apply(each));
                        }));
  }

  /** One point of the producer, unless there is none or it has no such number yet. */
  Stream<Point> kafka(Function<KafkaCounts, Object> value) {
    return Stream.ofNullable(counts.kafka())
        .map(value)
        .filter(each -> !Double.valueOf(Double.NaN).equals(each))
        .map(each -> new Point(Labels.of("host", subject.host()), each));
  }
}
