package dev.ringtap.kafka.monitor;

import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.AgentCounts.KafkaCounts;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.MemberCounts;
import dev.ringtap.kafka.monitor.AgentMetric.Point;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What all metrics of one scrape are read from.
 *
 * @param subject the capture
 * @param counts what it has counted
 */
record Sample(Subject subject, AgentCounts counts) {
  /** Labels that tell builds apart. */
  static final Labels BUILD =
      Labels.of("version", CaptureAgent.version(), "java", Runtime.version().toString());

  private Labels labels() {
    return Labels.of("host", subject.host(), "interface", subject.interfaceName());
  }

  private static Labels add(Labels labels, String... more) {
    return more.length == 0 ? labels : labels.merge(Labels.of(more));
  }

  /** Names and values of the labels that say what is captured, and where it goes. */
  String[] facts() {
    OptionalInt schemaId = subject.schemaId().get();
    return new String[] {
      "filter", subject.filter(),
      "topic", Objects.requireNonNullElse(subject.topic(), ""),
      "schema_id", schemaId.isPresent() ? Integer.toString(schemaId.getAsInt()) : ""
    };
  }

  boolean writesFile() {
    return subject.writesFile();
  }

  /** One point, of the whole capture. */
  Stream<Point> capture(Object value, String... moreLabels) {
    return Stream.of(new Point(add(labels(), moreLabels), value));
  }

  /** A point for each member. */
  Stream<Point> members(Function<MemberCounts, Object> value, String... moreLabels) {
    return counts.members().stream()
        .map(
            each -> {
              String member = Integer.toString(each.capture().member());
              Labels labels = labels().add("member", member);
              return new Point(add(labels, moreLabels), value.apply(each));
            });
  }

  /** One point of the producer, unless there is none or it has no such number yet. */
  Stream<Point> kafka(Function<KafkaCounts, Object> value) {
    return Stream.ofNullable(counts.kafka())
        .map(value)
        .filter(each -> !Double.valueOf(Double.NaN).equals(each))
        .flatMap(this::capture);
  }
}
