/**
 * The Kafka Connect source. {@link dev.ringtap.kafka.connect.PacketSourceConnector} checks the
 * configuration and plans tasks; a {@link dev.ringtap.kafka.connect.PacketSourceTask} reads an
 * interface or a file.
 */
@NullMarked
package dev.ringtap.kafka.connect;

import org.jspecify.annotations.NullMarked;
