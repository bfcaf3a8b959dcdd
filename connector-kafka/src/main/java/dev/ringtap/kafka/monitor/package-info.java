/**
 * Metrics and health of a running agent, over HTTP and JMX. It only reads what the agent counts
 * anyway.
 */
@NullMarked
package dev.ringtap.kafka.monitor;

import org.jspecify.annotations.NullMarked;
