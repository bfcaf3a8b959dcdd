/**
 * The {@code ringtap} command: {@link dev.ringtap.kafka.cli.Main} and a class for each subcommand,
 * their options, and what they print and log.
 */
@NullMarked
package dev.ringtap.kafka.cli;

import org.jspecify.annotations.NullMarked;
