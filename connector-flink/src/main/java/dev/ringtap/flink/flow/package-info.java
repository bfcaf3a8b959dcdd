/**
 * Flows of packets as a DataStream: {@link dev.ringtap.flink.flow.Flows} is the entry. They are
 * counted by {@link dev.ringtap.flow.StoredFlows} in Flink's keyed state.
 */
@NullMarked
package dev.ringtap.flink.flow;

import org.jspecify.annotations.NullMarked;
