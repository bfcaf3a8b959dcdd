/**
 * A Kafka broker inside this process, with its data in a directory that only one process at a time
 * uses: for the demo, for trials and for tests.
 */
@NullMarked
package dev.ringtap.kafka.embedded;

import org.jspecify.annotations.NullMarked;
