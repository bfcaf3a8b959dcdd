package dev.ringtap.kafka.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.ringtap.packet.IpProtocol;
import dev.ringtap.record.Flow;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/** Flow records as text. */
final class FlowText {
  /** In ASCII: nothing in it controls a terminal. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final List<String> TITLES =
      List.of(
          "proto",
          "source",
          "destination",
          "packets",
          "bytes",
          "< packets",
          "< bytes",
          "seconds",
          "lost");

  private FlowText() {}

  static long durationNanos(Flow flow) {
    return ChronoUnit.NANOS.between(flow.getFlowStartNanoseconds(), flow.getFlowEndNanoseconds());
  }

  /** The object, on one line; what a flow lacks is left out. */
  static String json(Flow flow) {
    try {
      return JSON.writeValueAsString(fields(flow));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers are always JSON", e);
    }
  }

  private static Map<String, Object> fields(IndexedRecord record) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Schema.Field field : record.getSchema().getFields()) {
      Object value = record.get(field.pos());
      if (value instanceof IndexedRecord nested) {
        fields.put(field.name(), fields(nested));
      } else if (value != null) {
        fields.put(field.name(), value instanceof Number ? value : value.toString());
      }
    }
    return fields;
  }

  /** The names of all fields; of a nested record's, after its own and a point. */
  static String csvHeader() {
    return String.join(",", names("", Flow.getClassSchema()));
  }

  private static List<String> names(String prefix, Schema schema) {
    List<String> names = new ArrayList<>();
    for (Schema.Field field : schema.getFields()) {
      Schema nested = nested(field);
      if (nested == null) {
        names.add(prefix + field.name());
      } else {
        names.addAll(names(field.name() + ".", nested));
      }
    }
    return names;
  }

  private static @Nullable Schema nested(Schema.Field field) {
    return field.schema().isUnion()
        ? field.schema().getTypes().stream()
            .filter(type -> type.getType() == Schema.Type.RECORD)
            .findFirst()
            .orElse(null)
        : null;
  }

  /** The fields of {@link #csvHeader}; empty if the flow lacks one. */
  static String csv(Flow flow) {
    return String.join(",", values(flow, Flow.getClassSchema()));
  }

  private static List<String> values(@Nullable IndexedRecord record, Schema schema) {
    List<String> values = new ArrayList<>();
    for (Schema.Field field : schema.getFields()) {
      Object value = record == null ? null : record.get(field.pos());
      Schema nested = nested(field);
      if (nested != null) {
        values.addAll(values((IndexedRecord) value, nested));
      } else {
        values.add(value == null ? "" : quoted(TerminalText.line(value.toString())));
      }
    }
    return values;
  }

  /** As RFC 4180 has it. */
  private static String quoted(String text) {
    return text.contains(",") || text.contains("\"")
        ? '"' + text.replace("\"", "\"\"") + '"'
        : text;
  }

  /** A line for each flow under a line of titles, in columns. {@code <} is from the destination. */
  static List<String> table(List<Flow> flows) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(TITLES);
    flows.forEach(flow -> rows.add(row(flow)));
    int[] widths = new int[TITLES.size()];
    rows.forEach(
        row -> {
          for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], row.get(i).length());
          }
        });
    return rows.stream().map(row -> aligned(row, widths)).toList();
  }

  private static List<String> row(Flow flow) {
    return List.of(
        protocol(flow.getProtocolIdentifier()),
        endpoint(flow.getSourceIPAddress(), flow.getSourceTransportPort()),
        endpoint(flow.getDestinationIPAddress(), flow.getDestinationTransportPort()),
        Long.toString(flow.getPacketDeltaCount()),
        Long.toString(flow.getLayer2OctetDeltaCount()),
        Long.toString(flow.getReversePacketDeltaCount()),
        Long.toString(flow.getReverseLayer2OctetDeltaCount()),
        String.format(Locale.ROOT, "%.3f", durationNanos(flow) / 1e9),
        Long.toString(flow.getCaptureLossWithin()));
  }

  private static String protocol(int number) {
    return switch (number) {
      case IpProtocol.TCP -> "TCP";
      case IpProtocol.UDP -> "UDP";
      case IpProtocol.SCTP -> "SCTP";
      case IpProtocol.ICMP -> "ICMP";
      case IpProtocol.ICMPV6 -> "ICMPv6";
      default -> Integer.toString(number);
    };
  }

  private static String endpoint(String address, @Nullable Integer port) {
    if (port == null) {
      return address;
    }
    return address.contains(":") ? "[" + address + "]:" + port : address + ":" + port;
  }

  /** Texts to the left, numbers to the right. */
  private static String aligned(List<String> row, int[] widths) {
    List<String> cells = new ArrayList<>();
    for (int i = 0; i < widths.length; i++) {
      cells.add(String.format(i < 3 ? "%-" + widths[i] + "s" : "%" + widths[i] + "s", row.get(i)));
    }
    return cells.stream().collect(Collectors.joining("  "));
  }
}
