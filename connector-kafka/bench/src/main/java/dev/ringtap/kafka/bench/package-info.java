/**
 * What the agent costs, beside other programs that bring frames into Kafka: rate, delay, start,
 * memory.
 */
package dev.ringtap.kafka.bench;
