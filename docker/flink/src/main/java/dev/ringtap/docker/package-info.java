/** The Flink jobs of the compose file. */
package dev.ringtap.docker;
