/** The source as a SourceFunction, for jobs that are not on FLIP-27 yet. */
package dev.ringtap.flink.legacy;
