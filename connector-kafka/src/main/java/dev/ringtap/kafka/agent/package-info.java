/**
 * The agent: takes blocks, and writes their frames to a Kafka topic and to a file. {@link
 * dev.ringtap.kafka.agent.CaptureAgent} opens, runs and stops it; a {@code PacketPump} for each
 * member walks the blocks, {@code FrameSink}s take the frames, and {@code FrameAccount} knows where
 * every frame is, up to the {@link dev.ringtap.kafka.agent.Ledger} at the end.
 */
@NullMarked
package dev.ringtap.kafka.agent;

import org.jspecify.annotations.NullMarked;
