package dev.ringtap.kafka.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.ringtap.capture.InterfaceDrops;
import dev.ringtap.file.OutputFile;
import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.AgentException;
import dev.ringtap.kafka.agent.CaptureAgent;
import dev.ringtap.kafka.agent.CaptureLedger;
import dev.ringtap.kafka.agent.FlowLedger;
import dev.ringtap.kafka.agent.Ledger;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The ledger as a JSON file. It is opened at the start, so that a wrong path shows before the run.
 */
final class Report implements AutoCloseable {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final OutputStream file;

  private Report(OutputStream file) {
    this.file = file;
  }

  static Report create(Path path) throws IOException {
    try {
      return new Report(Channels.newOutputStream(OutputFile.create(path)));
    } catch (IOException e) {
      throw new IOException("--report: cannot write " + path + " (" + e + ")", e);
    }
  }

  void write(Ledger total, AgentConfig config, CaptureAgent agent, Instant start, Instant end)
      throws IOException {
    Map<String, Object> fields = fields(total);
    switch (config.input()) {
      case AgentConfig.Replay replay -> fields.put("replayed", replay.file().toString());
      case AgentConfig.Live live -> {
        fields.put("host", live.setup().options().hostName());
        fields.put("captures", agent.ledgers().stream().map(Report::capture).toList());
      }
    }
    AgentConfig.KafkaTarget kafka = config.kafka();
    if (kafka != null && kafka.hasPackets()) {
      fields.put("topic", kafka.topic());
      putSchema(fields, "schema", kafka.schema(), agent.schemaId());
    }
    AgentConfig.FlowTarget flows = kafka == null ? null : kafka.flows();
    if (flows != null) {
      fields.put("flowTopic", flows.topic());
      putSchema(fields, "flowSchema", flows.schema(), agent.flowSchemaId());
    }
    fields.put("start", start.toString());
    fields.put("end", end.toString());
    Throwable failure = agent.failure();
    fields.put("failure", failure == null ? null : AgentException.sentence(failure));
    file.write(JSON.writeValueAsBytes(fields));
    file.write('\n');
  }

  private static void putSchema(
      Map<String, Object> fields, String name, @Nullable SchemaTarget schema, OptionalInt id) {
    if (schema != null && id.isPresent()) {
      fields.put(name + "Subject", schema.subject());
      fields.put(name + "Id", id.getAsInt());
    }
  }

  private static Map<String, Object> capture(CaptureLedger capture) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("interface", capture.name());
    fields.put("workers", capture.members().size());
    fields.put(
        "captureStarts", capture.members().stream().map(each -> each.start().toString()).toList());
    fields.putAll(fields(capture.ledger()));
    return fields;
  }

  private static Map<String, Object> fields(Ledger ledger) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("offered", ledger.offered());
    fields.put("droppedByKernel", ledger.droppedByKernel());
    fields.put("lostAfterLast", ledger.lostAfterLast());
    fields.put("captured", ledger.captured());
    fields.put("acknowledged", ledger.acknowledged());
    fields.put("records", ledger.records());
    fields.put("notDelivered", ledger.notDelivered());
    fields.put("notDeliveredByReason", new TreeMap<>(ledger.notDeliveredByReason()));
    fields.put("writtenToFile", ledger.writtenToFile());
    fields.put("notWritten", ledger.notWritten());
    fields.put("capturedBytes", ledger.capturedBytes());
    fields.put("ringFreezes", ledger.ringFreezes());
    boolean counted = ledger.droppedByInterface() != InterfaceDrops.UNKNOWN;
    fields.put("droppedByInterface", counted ? ledger.droppedByInterface() : null);
    if (ledger.flows() != null) {
      fields.put("flows", fields(ledger.flows()));
    }
    fields.put("balances", ledger.balances());
    return fields;
  }

  private static Map<String, Object> fields(FlowLedger flows) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("records", flows.records());
    fields.put("acknowledged", flows.acknowledged());
    fields.put("withoutFlow", flows.withoutFlow());
    fields.put("notDelivered", flows.notDelivered());
    fields.put("notDeliveredByReason", new TreeMap<>(flows.notDeliveredByReason()));
    return fields;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
