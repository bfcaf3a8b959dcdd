/** How long a frame takes from the ring to a Flink job, measured. */
package dev.ringtap.flink.bench;
