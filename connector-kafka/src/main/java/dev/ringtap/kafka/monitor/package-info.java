/**
 * Metrics and health of a running agent, over HTTP and JMX. It only reads what the agent counts
 * anyway.
 */
package dev.ringtap.kafka.monitor;
