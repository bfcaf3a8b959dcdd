/**
 * The Avro record of a frame, described in RECORD.md. {@link dev.ringtap.record.PacketEncoder}
 * encodes a frame, {@link dev.ringtap.record.BlockEncoder} the frames of a block in less time,
 * {@link dev.ringtap.record.PacketBatchEncoder} many frames as one record, and {@link
 * dev.ringtap.record.PacketRecords} reads all of them. {@code Packet} and {@code PacketBatch} are
 * generated from the schemas.
 */
@NullMarked
package dev.ringtap.record;

import org.jspecify.annotations.NullMarked;
