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
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

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
    if (config.kafka() != null && config.kafka().hasPackets()) {
      fields.put("topic", config.kafka().topic());
    }
    if (agent.schemaId().isPresent()) {
      fields.put("schemaSubject", config.kafka().schema().subject());
      fields.put("schemaId", agent.schemaId().getAsInt());
    }
    if (config.kafka() != null && config.kafka().flows() != null) {
      fields.put("flowTopic", config.kafka().flows().topic());
    }
    if (agent.flowSchemaId().isPresent()) {
      fields.put("flowSchemaSubject", config.kafka().flows().schema().subject());
      fields.put("flowSchemaId", agent.flowSchemaId().getAsInt());
    }
    fields.put("start", start.toString());
    fields.put("end", end.toString());
    Throwable failure = agent.failure();
    fields.put("failure", failure == null ? null : AgentException.sentence(failure));
    file.write(JSON.writeValueAsBytes(fields));
    file.write('\n');
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
