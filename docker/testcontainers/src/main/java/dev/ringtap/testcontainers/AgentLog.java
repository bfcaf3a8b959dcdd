package dev.ringtap.testcontainers;

import static org.testcontainers.containers.output.OutputFrame.OutputType.STDERR;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.stream.Collectors;
import org.testcontainers.containers.ContainerState;

/**
 * What an agent has logged so far: one JSON object on each line, except usage errors and what the
 * JVM says.
 */
final class AgentLog {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<String> lines;

  private AgentLog(List<String> lines) {
    this.lines = lines;
  }

  /** The log of a container, also of one that has ended. */
  static AgentLog of(ContainerState container) {
    return of(container.getLogs(STDERR));
  }

  static AgentLog of(String log) {
    return new AgentLog(log.lines().filter(line -> !line.isBlank()).collect(Collectors.toList()));
  }

  /** The events of this message, in their order. */
  List<JsonNode> events(String message) {
    return lines.stream()
        .filter(line -> line.contains(message))
        .map(AgentLog::parse)
        .filter(event -> message.equals(event.path("message").textValue()))
        .collect(Collectors.toList());
  }

  /** The messages without their values. */
  @Override
  public String toString() {
    return lines.stream()
        .map(line -> parse(line).path("message").asText(line))
        .collect(Collectors.joining("; "));
  }

  /** A missing node stands for a line that is no JSON. */
  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      return JSON.missingNode();
    }
  }
}
