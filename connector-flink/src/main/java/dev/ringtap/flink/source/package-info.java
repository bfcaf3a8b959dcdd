/**
 * The Flink source by FLIP-27. {@link dev.ringtap.flink.source.PacketSource} is the entry; its
 * enumerator assigns an interface of a host, or a part of a file, to a reader as a split, and the
 * reader hands each frame to a {@link dev.ringtap.flink.source.PacketDeserializer} while it lies in
 * the ring.
 */
@NullMarked
package dev.ringtap.flink.source;

import org.jspecify.annotations.NullMarked;
