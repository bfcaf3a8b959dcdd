package dev.ringtap.kafka.monitor;

import dev.ringtap.kafka.agent.AgentCounts;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A running agent that is watched.
 *
 * @param host the host that captures
 * @param filter the filter expression by now, empty for none
 * @param topic the topic, or null without Kafka
 * @param writesFile whether frames go to a file too
 * @param counts what is counted by now
 * @param schemaId the schema's number in the registry by now
 * @param failure what has failed by now, or null
 */
public record Subject(
    String host,
    Supplier<String> filter,
    @Nullable String topic,
    boolean writesFile,
    Supplier<AgentCounts> counts,
    Supplier<OptionalInt> schemaId,
    Supplier<@Nullable Throwable> failure) {}
