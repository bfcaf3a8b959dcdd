/** The source as a SourceFunction, for jobs that are not on FLIP-27 yet. */
@NullMarked
package dev.ringtap.flink.legacy;

import org.jspecify.annotations.NullMarked;
