package dev.ringtap.kafka.monitor;

import dev.ringtap.kafka.agent.AgentConfig;
import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.CaptureAgent;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * A live capture that is watched.
 *
 * @param host the host that captures
 * @param interfaceName the interface
 * @param filter the filter expression, empty for none
 * @param topic the topic, or null without Kafka
 * @param writesFile whether frames go to a file too
 * @param counts what is counted by now
 * @param schemaId the schema's number in the registry by now
 * @param failure what has failed by now, or null
 */
record Subject(
    String host,
    String interfaceName,
    String filter,
    String topic,
    boolean writesFile,
    Supplier<AgentCounts> counts,
    Supplier<OptionalInt> schemaId,
    Supplier<Throwable> failure) {

  static Subject of(CaptureAgent agent, AgentConfig config, String filter) {
    return new Subject(
        config.capture().hostName(),
        config.capture().interfaceName(),
        filter,
        config.kafka() == null ? null : config.kafka().topic(),
        config.writeTo() != null,
        agent::counts,
        agent::schemaId,
        agent::failure);
  }
}
